using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The matrix product on a GPU: work items are (batch, tile), a block of threads each. Operands are read where they lie, through the views in front of
/// them, and the epilogue runs on the accumulators.
/// </summary>
internal sealed class GpuMatMul
{
    private readonly ProgramBuilder _program;
    private readonly LoweringGroup _group;
    private readonly Node _root;
    private readonly List<(Dim When, KernelBuilder Kernel)> _alternatives = [];
    private KernelBuilder _kernel;
    private GroupEmitter _emitter;
    private readonly Dim _rows;
    private readonly Dim _columns;
    private readonly Dim _depth;
    private readonly Shape _batch;
    private readonly bool _joinsRows;

    private GpuMatMul(ProgramBuilder program, LoweringGroup group)
    {
        _program = program;
        _group = group;
        _root = group.Root;
        _kernel = new KernelBuilder(group.KernelName(), program.Dims) { ThreadsPerItem = GpuTiles.Threads };
        _emitter = new GroupEmitter(program, group, _kernel);
        var (a, b, output) = (_root.Inputs[0], _root.Inputs[1], _root.Output.Type.Shape);
        (_columns, _depth) = (output[^1], a.Type.Shape[^1]);

        // With one B for all batches the leading axes of A are just more rows, where A lies in memory without gaps.
        _joinsRows = output.Rank > 2 && b.Type.Shape.Dims[..^2].All(d => d.Is(1)) && !group.Contains(a)
            && a.Type.Shape.Dims[..^1].SequenceEqual(output.Dims[..^1]);
        _batch = _joinsRows ? [] : new Shape(output.Dims[..^2]);
        _rows = _joinsRows ? new Shape(output.Dims[..^1]).ElementCount(program.Dims) : output[^2];
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuMatMul(program, group).Run();

    private void Run()
    {
        var dims = _program.Dims;
        var accumulator = ((MatMul)_root.Op).Accumulator;
        var tiles = GpuTiles.For(accumulator, _batch.ElementCount(dims), _rows, _columns);
        Write(accumulator, tiles[^1].Rows, tiles[^1].Columns);
        var (kernel, emitter) = (_kernel, _emitter);
        foreach (var (tileRows, tileColumns, when) in tiles.SkipLast(1))
        {
            _kernel = new KernelBuilder(_group.KernelName(), dims) { ThreadsPerItem = GpuTiles.Threads };
            _emitter = new GroupEmitter(_program, _group, _kernel);
            _emitter.TakeParameters(emitter);
            Write(accumulator, tileRows, tileColumns);
            if (_emitter.Arguments.SequenceEqual(emitter.Arguments))
            {
                _alternatives.Add((when, _kernel));
            }
        }

        var flops = _batch.ElementCount(dims) * _rows * _columns * _depth * 2;
        _program.Launch(kernel, emitter.Arguments, _depth * tiles[^1].Rows * tiles[^1].Columns, _group.Node.Origins, flops, inPlace: true,
            alternatives: [.. _alternatives]);
    }

    /// <summary>Writes the kernel for tiles of a size.</summary>
    private void Write(ElementType accumulator, int tileRows, int tileColumns)
    {
        var dims = _program.Dims;
        var blockRows = _rows.CeilDiv(tileRows);
        var blockColumns = _columns.CeilDiv(tileColumns);
        _kernel.Parallel(_batch.ElementCount(dims) * blockRows * blockColumns, item =>
        {
            // Tiles of one column of tiles are neighbours: they share a panel of B in the cache.
            var (rest, blockRow) = blockRows.Is(1) ? (item, ExprFactory.Int(0)) : _program.Math.DivMod(item, blockRows);
            var (batch, blockColumn) = blockColumns.Is(1) ? (rest, ExprFactory.Int(0)) : _program.Math.DivMod(rest, blockColumns);
            var batchIndex = _program.Math.Delinearize(batch, _batch);
            for (var axis = 0; axis < batchIndex.Length; axis++)
            {
                batchIndex[axis] = _kernel.LetWithin(batchIndex[axis], _batch[axis], "b");
            }

            var row = _kernel.Let(blockRow * tileRows, "row");
            var column = _kernel.Let(blockColumn * tileColumns, "column");
            var validRows = _kernel.Let(ExprFactory.Dim(_rows) - row, "rows");
            var validColumns = _kernel.Let(ExprFactory.Dim(_columns) - column, "columns");
            var tile = _kernel.DeclareTile(tileRows, tileColumns, accumulator);
            _kernel.Product(tile, _depth, validRows, validColumns,
                (r, k) => ReadA(batchIndex, _kernel.LetWithin(row + r, _rows, "m"), k),
                (k, c) => Read(_root.Inputs[1], batchIndex, k, _kernel.LetWithin(column + c, _columns, "n")));
            _kernel.ForEach(tile, validColumns, (r, c, element) =>
            {
                _emitter.Give(_root.Output, _ => element);
                var at = _kernel.LetWithin(row + r, _rows, "m");
                var rows = _joinsRows ? _program.Math.Delinearize(at, new Shape(_root.Output.Type.Shape.Dims[..^1])) : [.. batchIndex, at];
                _emitter.Store(_group.Outputs, [.. rows, _kernel.LetWithin(column + c, _columns, "n")]);
            }, validRows);
        });
    }

    private Expr ReadA(Expr[] batchIndex, Expr row, Expr k)
    {
        var a = _root.Inputs[0];
        return _joinsRows ? _emitter.Load(_emitter.Input(a), (row * ExprFactory.Dim(_depth)) + k) : Read(a, batchIndex, row, k);
    }

    private Expr Read(Value operand, Expr[] batchIndex, Expr row, Expr column)
    {
        var own = new Shape(operand.Type.Shape.Dims[..^2]);
        var leading = _joinsRows ? [.. own.Dims.Select(_ => ExprFactory.Int(0))] : NodeContext.BroadcastIndex(_emitter, own, _batch, batchIndex);
        return _emitter.Pull(operand, [.. leading, row, column]);
    }
}
