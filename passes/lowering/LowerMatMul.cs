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
internal sealed class LowerMatMul
{
    /// <summary>Below this many rows packing a panel costs more than reading B where it lies.</summary>
    private const long RowsWorthPacking = 12;

    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node _root;
    private readonly KernelBuilder _kernel;
    private readonly GroupEmitter _emitter;
    private readonly Operand _a;
    private readonly Operand? _b;
    private readonly Dim _rows;
    private readonly Dim _columns;
    private readonly Dim _depth;
    private readonly Shape _batch;
    private readonly bool _joinsRows;
    private readonly TileShape _tile;

    private LowerMatMul(ProgramBuilder program, LoweringGroup group)
    {
        _program = program;
        _group = group;
        _root = group.Root;
        _kernel = new KernelBuilder(group.KernelName(), program.Dims);
        _emitter = new GroupEmitter(program, group, _kernel);
        var (a, b, output) = (_root.Inputs[0], _root.Inputs[1], _root.Output.Type.Shape);
        _a = Operand.Of(program, group, a) ?? throw new InvalidOperationException("the left operand of a product is not read in place");
        _b = Operand.Of(program, group, b);
        (_columns, _depth) = (output[^1], a.Type.Shape[^1]);

        // With one B for all batches the leading axes of A are just more rows, where A lies in memory without gaps.
        _joinsRows = output.Rank > 2 && b.Type.Shape.Dims[..^2].All(d => d.Is(1)) && !group.Contains(a)
            && a.Type.Shape.Dims[..^1].SequenceEqual(output.Dims[..^1]);
        _batch = _joinsRows ? [] : new Shape(output.Dims[..^2]);
        if (_joinsRows)
        {
            _a = new Operand(a, _depth, program.Dims.One);
        }

        _rows = _joinsRows ? new Shape(output.Dims[..^1]).ElementCount(program.Dims) : output[^2];
        _tile = TileShape.For(program.Machine, _columns);
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
        var dims = _program.Dims;
        var panels = _columns.CeilDiv(_tile.Columns);
        var packed = PackedB();
        var step = packed is null ? ExprFactory.Dim(_tile.PanelStep(_columns)) : ExprFactory.Int(_tile.Columns);
        var blockRows = BlockRows(packed is not null);
        var blocks = blockRows is null ? dims.One : _rows.CeilDiv(blockRows);
        var aBuffer = _emitter.Input(_a.Input);
        var scratch = packed is null ? _kernel.Scratch("panel", _root.Inputs[1].Type.Element, _depth * _tile.Columns) : null;
        var packedBuffer = packed is null ? null : _emitter.Add(packed, "packed", isWritten: false);
        var bInPlace = packed is null && _b is not null && _b.ColumnStride.Is(1) ? _emitter.Input(_b.Input) : null;
        _kernel.Parallel(_batch.ElementCount(dims) * blocks * panels, item =>
        {
            // Panels vary fastest: neighbouring items share a block of A.
            var (rest, panel) = panels.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, panels);
            var (batch, block) = blocks.Is(1) ? (rest, ExprFactory.Int(0)) : _program.Math.DivMod(rest, blocks);
            var batchIndex = _program.Math.Delinearize(batch, _batch);
            for (var axis = 0; axis < batchIndex.Length; axis++)
            {
                batchIndex[axis] = _kernel.LetWithin(batchIndex[axis], _batch[axis], "b");
            }

            panel = _kernel.Let(panel, "panel");
            var column = _kernel.Let(panel * step, "column");
            var valid = _kernel.Let(ExprFactory.Max(ExprFactory.Int(0), ExprFactory.Min(step, ExprFactory.Dim(_columns) - column)), "valid");
            var start = blockRows is null ? ExprFactory.Int(0) : _kernel.Let(block * ExprFactory.Dim(blockRows), "start");
            var end = blockRows is null ? ExprFactory.Dim(_rows)
                : _kernel.Let(ExprFactory.Min(start + ExprFactory.Dim(blockRows), ExprFactory.Dim(_rows)), "end");
            var aBase = _kernel.Let(AOffset(batchIndex), "a");
            void Tiles(KernelBuffer b, Expr bBase, Expr bStride) => TileLoops.OverWidths(_kernel, valid, _columns, _tile, width =>
                TileLoops.OverRows(_kernel, start, end, blockRows is null ? _rows : null, _tile.Rows, (height, row) =>
                {
                    var tile = _kernel.DeclareTile(height, width, ((MatMul)_root.Op).Accumulator);
                    _kernel.Contract(tile, ExprFactory.Dim(_depth), aBuffer, aBase + (row * ExprFactory.Dim(_a.RowStride)),
                        ExprFactory.Dim(_a.RowStride), ExprFactory.Dim(_a.ColumnStride), b, bBase, bStride);
                    Epilogue(tile, batchIndex, row, column, valid);
                }));
            if (packedBuffer is not null)
            {
                var offset = (PackedBatch(batchIndex) * ExprFactory.Dim(panels)) + panel;
                Tiles(packedBuffer, _kernel.Let(offset * ExprFactory.Dim(_depth * _tile.Columns), "packed"), ExprFactory.Int(_tile.Columns));
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
            var isShort = ExprFactory.Less(ExprFactory.Dim(_rows), ExprFactory.Int(RowsWorthPacking));
            _kernel.If(ExprFactory.And(isWhole, isShort), () =>
            {
                var bIndex = OperandIndex(_root.Inputs[1], batchIndex, ExprFactory.Int(0), column);
                Tiles(bInPlace, _kernel.Let(_emitter.Access(_root.Inputs[1], bIndex)!.Value.Index), ExprFactory.Dim(_b!.RowStride));
            }, PackAndRun);
        });
        var rowsPerItem = blockRows ?? _rows;
        var work = (rowsPerItem * _depth * _tile.Columns).FloorDiv(_tile.Lanes) + 1;
        var flops = _batch.ElementCount(dims) * _rows * _columns * _depth * 2;
        _program.Launch(_kernel, _emitter.Arguments, work, _group.Node.Origins, flops, inPlace: true);
    }

    /// <summary>Rows of A that one item takes: with a constant B as many as stay in the second-level cache; null for all.</summary>
    private Dim? BlockRows(bool isConstantB)
    {
        if (!isConstantB)
        {
            return null;
        }

        var depth = _depth.IsConstant ? Math.Max(_depth.Constant, 1) : 1024;
        var rows = Math.Clamp(_program.Machine.L2Bytes / 2 / (4 * depth), 4 * _tile.Rows, 32 * _tile.Rows) / _tile.Rows * _tile.Rows;
        return _rows.IsConstant && _rows.Constant <= rows ? null : _program.Dims.Const(rows);
    }

    private Expr AOffset(Expr[] batchIndex)
    {
        var a = _root.Inputs[0];
        var index = _joinsRows ? Enumerable.Repeat(ExprFactory.Int(0), a.Type.Rank).ToArray()
            : OperandIndex(a, batchIndex, ExprFactory.Int(0), ExprFactory.Int(0));
        return _emitter.Access(a, index)!.Value.Index;
    }

    private Expr[] OperandIndex(Value operand, Expr[] batchIndex, Expr row, Expr column)
    {
        var own = new Shape(operand.Type.Shape.Dims[..^2]);
        var leading = _joinsRows ? [.. own.Dims.Select(_ => ExprFactory.Int(0))] : NodeContext.BroadcastIndex(_emitter, own, _batch, batchIndex);
        return [.. leading, row, column];
    }

    /// <summary>Writes columns <c>[column, column + valid)</c> of B into a panel of the tile's width, rows after rows.</summary>
    private void PackPanel(KernelBuffer panel, Expr[] batchIndex, Expr column, Expr valid)
    {
        var b = _root.Inputs[1];
        _kernel.LoopWithin("k", ExprFactory.Int(0), ExprFactory.Dim(_depth), _depth, LoopKind.Serial, k =>
            _kernel.LoopWithin("v", ExprFactory.Int(0), valid, _program.Dims.Const(_tile.Columns), LoopKind.Vector, lane =>
            {
                var at = column + lane;
                var index = OperandIndex(b, batchIndex, k, _b is null ? _kernel.LetWithin(at, _columns, "n") : at);
                var element = _b is null ? _emitter.Pull(b, index) : ReadB(index);
                _kernel.Store(panel, (k * _tile.Columns) + lane, element);
            }));
    }

    private Expr ReadB(Expr[] index)
    {
        var (input, offset) = _emitter.Access(_root.Inputs[1], index)!.Value;
        return _emitter.Load(_emitter.Input(input), offset);
    }

    private void Epilogue(Tile tile, Expr[] batchIndex, Expr row, Expr column, Expr valid)
    {
        _kernel.ForEach(tile, valid, (r, c, element) =>
        {
            _emitter.Give(_root.Output, _ => element);
            var at = row + r;
            var rows = _joinsRows ? _program.Math.Delinearize(at, new Shape(_root.Output.Type.Shape.Dims[..^1])) : [.. batchIndex, at];
            Expr[] index = [.. rows, column + c];
            _emitter.Store(_group.Outputs, index);
        });
    }

    private Expr PackedBatch(Expr[] batchIndex)
    {
        var own = new Shape(_root.Inputs[1].Type.Shape.Dims[..^2]);
        return own.Dims.All(d => d.Is(1)) ? ExprFactory.Int(0)
            : _program.Math.Linearize(NodeContext.BroadcastIndex(_emitter, own, _batch, batchIndex), own);
    }

    /// <summary>B in panels, <c>[batch, panel, depth, tile columns]</c> padded with zeros, when it is a constant of the graph.</summary>
    private LoweredBuffer? PackedB()
    {
        var b = _root.Inputs[1];
        if (_group.Contains(b) || _group.Outer(b).Producer is not { Op: Constant constant } node)
        {
            return null;
        }

        var tensor = constant.Tensor;
        var packed = _program.Constants.Packed(tensor, $"panels{_tile.Columns}", () => Pack(tensor, _tile.Columns));
        return _program.NewConstant(packed, node.Output.Name);
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
