using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The blocked matrix product: work items are (batch, block of rows, panel of columns); a panel of B is contiguous (packed at compile time when B
/// is constant, otherwise into scratch), A is read in place, and tiles of balanced height accumulate in registers. The epilogue runs on the
/// accumulators.
/// </summary>
internal sealed class LowerMatMul : ProductLowering
{
    /// <summary>Below this many rows packing a panel costs more than reading B where it lies.</summary>
    private const long RowsWorthPacking = 12;

    private readonly Operand _a;
    private readonly Operand? _b;
    private readonly TileShape _tile;

    private LowerMatMul(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
        var a = Root.Inputs[0];
        _a = JoinsRows ? new Operand(a, Depth, program.Dims.One)
            : Operand.Of(program, group, a) ?? throw new InvalidOperationException("the left operand of a product is not read in place");
        _b = Operand.Of(program, group, Root.Inputs[1]);
        _tile = TileShape.For(program.Machine, Columns);
    }

    public static void Run(ProgramBuilder program, LoweringGroup group)
    {
        if (program.Machine.Gpu is not null)
        {
            GpuMatMul.Run(program, group);
        }
        else
        {
            new LowerMatMul(program, group).Run();
        }
    }

    private void Run()
    {
        var dims = Program.Dims;
        var panels = Columns.CeilDiv(_tile.Columns);
        var packed = PackedB();
        var step = packed is null ? ExprFactory.Dim(_tile.PanelStep(Columns)) : ExprFactory.Int(_tile.Columns);
        var blockRows = BlockRows(packed is not null);
        var blocks = blockRows is null ? dims.One : Rows.CeilDiv(blockRows);
        var aBuffer = Emitter.Input(_a.Input);
        var scratch = packed is null ? Kernel.Scratch("panel", Root.Inputs[1].Type.Element, Depth * _tile.Columns) : null;
        var packedBuffer = packed is null ? null : Emitter.Add(packed, "packed", isWritten: false);
        var bInPlace = packed is null && _b is not null && _b.ColumnStride.Is(1) ? Emitter.Input(_b.Input) : null;
        Kernel.Parallel(Batch.ElementCount(dims) * blocks * panels, item =>
        {
            // Panels vary fastest: neighbouring items share a block of A.
            var (rest, panel) = Program.Math.DivMod(item, panels);
            var (batch, block) = Program.Math.DivMod(rest, blocks);
            var batchIndex = BatchIndex(batch);
            panel = Kernel.Let(panel, "panel");
            var column = Kernel.Let(panel * step, "column");
            var valid = Kernel.Let(ExprFactory.Max(ExprFactory.Int(0), ExprFactory.Min(step, ExprFactory.Dim(Columns) - column)), "valid");
            var start = blockRows is null ? ExprFactory.Int(0) : Kernel.Let(block * ExprFactory.Dim(blockRows), "start");
            var end = blockRows is null ? ExprFactory.Dim(Rows)
                : Kernel.Let(ExprFactory.Min(start + ExprFactory.Dim(blockRows), ExprFactory.Dim(Rows)), "end");
            var aBase = Kernel.Let(AOffset(batchIndex), "a");
            void Tiles(KernelBuffer b, Expr bBase, Expr bStride) => TileLoops.OverWidths(Kernel, valid, Columns, _tile, width =>
                TileLoops.OverRows(Kernel, start, end, blockRows is null ? Rows : null, _tile.Rows, (height, row) =>
                {
                    var tile = Kernel.DeclareTile(height, width, Accumulator);
                    Kernel.Contract(tile, ExprFactory.Dim(Depth), aBuffer, aBase + (row * ExprFactory.Dim(_a.RowStride)),
                        ExprFactory.Dim(_a.RowStride), ExprFactory.Dim(_a.ColumnStride), b, bBase, bStride);
                    Epilogue(tile, valid, (r, c) => OutputIndex(batchIndex, row + r, column + c));
                }));
            if (packedBuffer is not null)
            {
                var offset = (PackedBatch(batchIndex) * ExprFactory.Dim(panels)) + panel;
                Tiles(packedBuffer, Kernel.Let(offset * ExprFactory.Dim(Depth * _tile.Columns), "packed"), ExprFactory.Int(_tile.Columns));
                return;
            }

            void PackAndRun()
            {
                PackPanel(scratch!, batchIndex, column, valid);
                Tiles(scratch!, ExprFactory.Int(0), ExprFactory.Int(_tile.Columns));
            }

            if (bInPlace is null)
            {
                PackAndRun();
                return;
            }

            // The last panel may not be read in place: its rows end before the tile does.
            var isWhole = ExprFactory.Equal(valid, step);
            var isShort = ExprFactory.Less(ExprFactory.Dim(Rows), ExprFactory.Int(RowsWorthPacking));
            Kernel.If(ExprFactory.And(isWhole, isShort), () =>
            {
                var bIndex = OperandIndex(Root.Inputs[1], batchIndex, ExprFactory.Int(0), column);
                Tiles(bInPlace, Kernel.Let(Emitter.Access(Root.Inputs[1], bIndex)!.Value.Index), ExprFactory.Dim(_b!.RowStride));
            }, PackAndRun);
        });
        var rowsPerItem = blockRows ?? Rows;
        var work = (rowsPerItem * Depth * _tile.Columns).FloorDiv(_tile.Lanes) + 1;
        Launch(Emitter, work);
    }

    /// <summary>Rows of A that one item takes: with a constant B as many as stay in the second-level cache; null for all.</summary>
    private Dim? BlockRows(bool isConstantB)
    {
        if (!isConstantB)
        {
            return null;
        }

        var depth = Depth.IsConstant ? Math.Max(Depth.Constant, 1) : 1024;
        var rows = Math.Clamp(Program.Machine.L2Bytes / 2 / (4 * depth), 4 * _tile.Rows, 32 * _tile.Rows) / _tile.Rows * _tile.Rows;
        return Rows.IsConstant && Rows.Constant <= rows ? null : Program.Dims.Const(rows);
    }

    private Expr AOffset(Expr[] batchIndex)
    {
        var a = Root.Inputs[0];
        var index = JoinsRows ? Enumerable.Repeat(ExprFactory.Int(0), a.Type.Rank).ToArray()
            : OperandIndex(a, batchIndex, ExprFactory.Int(0), ExprFactory.Int(0));
        return Emitter.Access(a, index)!.Value.Index;
    }

    /// <summary>Writes columns <c>[column, column + valid)</c> of B into a panel of the tile's width, rows after rows.</summary>
    private void PackPanel(KernelBuffer panel, Expr[] batchIndex, Expr column, Expr valid)
    {
        var b = Root.Inputs[1];
        Kernel.LoopWithin("k", ExprFactory.Int(0), ExprFactory.Dim(Depth), Depth, LoopKind.Serial, k =>
            Kernel.LoopWithin("v", ExprFactory.Int(0), valid, Program.Dims.Const(_tile.Columns), LoopKind.Vector, lane =>
            {
                var at = column + lane;
                var index = OperandIndex(b, batchIndex, k, _b is null ? Kernel.LetWithin(at, Columns, "n") : at);
                var element = _b is null ? Emitter.Pull(b, index) : ReadB(index);
                Kernel.Store(panel, (k * _tile.Columns) + lane, element);
            }));
    }

    private Expr ReadB(Expr[] index)
    {
        var (input, offset) = Emitter.Access(Root.Inputs[1], index)!.Value;
        return Emitter.Load(Emitter.Input(input), offset);
    }

    private Expr PackedBatch(Expr[] batchIndex)
    {
        var own = new Shape(Root.Inputs[1].Type.Shape.Dims[..^2]);
        return own.Dims.All(d => d.Is(1)) ? ExprFactory.Int(0)
            : Program.Math.Linearize(NodeContext.BroadcastIndex(Emitter, own, Batch, batchIndex), own);
    }

    /// <summary>B in panels, <c>[batch, panel, depth, tile columns]</c> padded with zeros, when it is a constant of the graph.</summary>
    private LoweredBuffer? PackedB()
    {
        var b = Root.Inputs[1];
        if (Group.Contains(b) || Group.Outer(b).Producer is not { Op: Constant constant } node)
        {
            return null;
        }

        var tensor = constant.Tensor;
        var packed = Program.Constants.Packed(tensor, $"panels{_tile.Columns}", () => Pack(tensor, _tile.Columns));
        return Program.NewConstant(packed, node.Output.Name);
    }

    private static Tensor Pack(Tensor b, int width)
    {
        var (depth, columns) = (b.Dims[^2], b.Dims[^1]);
        var batches = b.Dims[..^2].Aggregate(1L, (x, y) => x * y);
        var panels = IntegerMath.CeilDiv(columns, width);
        var packed = new Tensor(b.Element, batches, panels, depth, width);
        var bytes = b.Element.Bytes();
        var source = b.Bytes;
        var target = packed.Writable<byte>();
        for (var batch = 0L; batch < batches; batch++)
        {
            for (var panel = 0L; panel < panels; panel++)
            {
                var count = Math.Min(width, columns - (panel * width));
                for (var k = 0L; k < depth; k++)
                {
                    var from = (((batch * depth) + k) * columns) + (panel * width);
                    var to = ((((batch * panels) + panel) * depth) + k) * width;
                    source.Slice((int)(from * bytes), (int)(count * bytes)).CopyTo(target[(int)(to * bytes)..]);
                }
            }
        }

        return packed;
    }
}
