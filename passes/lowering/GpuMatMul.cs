using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The matrix product on a GPU: work items are (batch, tile), a block of threads each. Operands are read where they lie, through the views in front of
/// them, and the epilogue runs on the accumulators.
/// </summary>
internal sealed class GpuMatMul : ProductLowering
{
    private GpuMatMul(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuMatMul(program, group).Run();

    private void Run()
    {
        var batch = Batch.ElementCount(Program.Dims);
        var isThin = GpuTiles.IsThin(Rows);
        var tiles = (isThin * batch * Columns.CeilDiv(GpuTiles.ThinColumns))
            + ((1 - isThin) * batch * Rows.CeilDiv(GpuTiles.Small) * Columns.CeilDiv(GpuTiles.Small));
        var split = GpuSplit.For(Program, tiles, Depth, Root.Output.Type.Shape.ElementCount(Program.Dims), Accumulator);
        LaunchTiles(GpuTiles.For(Accumulator, batch, Rows, Columns), Depth, split, GpuTiles.ForShares(Rows), Write);
    }

    /// <summary>Writes the kernel for tiles of a size.</summary>
    private void Write(int tileRows, int tileColumns)
    {
        var blockRows = Rows.CeilDiv(tileRows);
        var blockColumns = Columns.CeilDiv(tileColumns);
        var tiles = Batch.ElementCount(Program.Dims) * blockRows * blockColumns;
        Kernel.Parallel(Items(tiles), item =>
        {
            (item, var depth, var deep) = ShareOf(item, tiles, Depth);

            // Tiles of one column of tiles are neighbours: they share a panel of B in the cache.
            var (rest, blockRow) = Program.Math.DivMod(item, blockRows);
            var (batch, blockColumn) = Program.Math.DivMod(rest, blockColumns);
            var batchIndex = BatchIndex(batch);
            var row = Kernel.Let(blockRow * tileRows, "row");
            var column = Kernel.Let(blockColumn * tileColumns, "column");
            var validRows = Kernel.Let(ExprFactory.Dim(Rows) - row, "rows");
            var validColumns = Kernel.Let(ExprFactory.Dim(Columns) - column, "columns");
            var tile = Kernel.DeclareTile(tileRows, tileColumns, Accumulator);
            Kernel.Product(tile, Depth, validRows, validColumns,
                (r, k) => ReadA(batchIndex, Kernel.LetWithin(row + r, Rows, "m"), deep(k)),
                (k, c) => Read(Root.Inputs[1], batchIndex, deep(k), Kernel.LetWithin(column + c, Columns, "n")), depth);
            Epilogue(tile, validColumns,
                (r, c) => OutputIndex(batchIndex, Kernel.LetWithin(row + r, Rows, "m"), Kernel.LetWithin(column + c, Columns, "n")), validRows);
        });
    }

    private Expr ReadA(Expr[] batchIndex, Expr row, Expr k)
    {
        var a = Root.Inputs[0];
        return JoinsRows ? Emitter.Load(Emitter.Input(a), (row * ExprFactory.Dim(Depth)) + k) : Read(a, batchIndex, row, k);
    }

    private Expr Read(Value operand, Expr[] batchIndex, Expr row, Expr column) =>
        Emitter.Pull(operand, OperandIndex(operand, batchIndex, row, column));
}
