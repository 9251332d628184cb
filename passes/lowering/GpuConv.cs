using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Convolution on a GPU as an implicit matrix product: weights <c>[channels out, channels in * taps]</c> are the rows, output pixels the columns; each
/// element of the right-hand side is looked up in the image, or 0 in the padding. Work items are (batch, group, tile), a block of threads each.
/// </summary>
internal sealed class GpuConv : ConvLowering
{
    private GpuConv(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuConv(program, group).Run();

    private void Run()
    {
        // Convolutions have many tiles where they take time: one size serves them all.
        var tile = GpuTiles.ForShares(Channels)[^1];
        var tiles = X[0] * Conv.Groups * Channels.CeilDiv(tile.Rows) * PixelCount.CeilDiv(tile.Columns);
        var split = GpuSplit.For(Program, tiles, Depth, Root.Output.Type.Shape.ElementCount(Program.Dims), Conv.Accumulator);
        LaunchTiles([tile], Depth, split, [tile], Write);
    }

    private void Write(int tileRows, int tileColumns)
    {
        var depthShape = new Shape(W.Dims[1..]);
        var (blockRows, blockColumns) = (Channels.CeilDiv(tileRows), PixelCount.CeilDiv(tileColumns));
        var tiles = X[0] * Conv.Groups * blockRows * blockColumns;
        Kernel.Parallel(Items(tiles), item =>
        {
            (item, var depth, var deep) = ShareOf(item, tiles, Depth);
            var (rest, blockRow) = Program.Math.DivMod(item, blockRows);
            (rest, var blockColumn) = Program.Math.DivMod(rest, blockColumns);
            var (batch, group) = BatchAndGroup(rest);
            var row = Kernel.Let(blockRow * tileRows, "row");
            var column = Kernel.Let(blockColumn * tileColumns, "column");
            var validRows = Kernel.Let(ExprFactory.Dim(Channels) - row, "rows");
            var validColumns = Kernel.Let(ExprFactory.Dim(PixelCount) - column, "columns");
            var firstChannel = Kernel.Let((group * ExprFactory.Dim(Channels)) + row, "channel");
            var tile = Kernel.DeclareTile(tileRows, tileColumns, Conv.Accumulator);
            Kernel.Product(tile, Depth, validRows, validColumns,
                (r, k) => Emitter.Load(Emitter.Input(Root.Inputs[1]), ((firstChannel + r) * ExprFactory.Dim(Depth)) + deep(k)),
                (k, c) => Pixel(batch, group, Program.Math.Delinearize(deep(k), depthShape), Kernel.LetWithin(column + c, PixelCount, "pixel")),
                depth);
            Epilogue(tile, validColumns, (r, c) =>
            {
                var pixel = Kernel.LetWithin(column + c, PixelCount, "pixel");
                return [batch, Kernel.LetWithin(firstChannel + r, W[0], "out"), .. Program.Math.Delinearize(pixel, Pixels)];
            }, validRows);
        });
    }

    /// <summary>The element of the image that a tap sees from an output pixel.</summary>
    private Expr Pixel(Expr batch, Expr group, Expr[] tap, Expr pixel)
    {
        var at = Program.Math.Delinearize(pixel, Pixels);
        var index = new Expr[X.Rank];
        index[0] = batch;
        index[1] = Kernel.Let((group * ExprFactory.Dim(W[1])) + Kernel.Let(tap[0]), "in");
        Expr? inside = null;
        for (var axis = 0; axis < at.Length; axis++)
        {
            var position = Kernel.Let((Kernel.Let(at[axis]) * Conv.Strides[axis]) + (Kernel.Let(tap[axis + 1]) * Conv.Dilations[axis])
                - ExprFactory.Dim(Conv.PadsBegin[axis]), "p");
            index[axis + 2] = position;
            inside = Inside(position, axis, inside);
        }

        Expr Read() => Emitter.Pull(Root.Inputs[0], index);
        return inside is null ? Read()
            : Kernel.Let(Emitter.Guarded(Kernel.Let(inside, "inside"), Read, ExprFactory.Literal(0, Root.Inputs[0].Type.Element)));
    }
}
