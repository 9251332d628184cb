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
    // Output places that are columns: those of all images, so that tiles are full where images are small. A pointwise convolution reads an image as it
    // lies, which is worth more.
    private readonly Shape _places;
    private readonly Dim _columns;
    private readonly Dim _batches;

    private GpuConv(ProgramBuilder program, LoweringGroup group)
        : base(program, group)
    {
        _batches = IsPointwise ? X[0] : Program.Dims.One;
        _places = IsPointwise ? Pixels : new Shape([X[0], .. Pixels]);
        _columns = _places.ElementCount(Program.Dims);
    }

    public static void Run(ProgramBuilder program, LoweringGroup group) => new GpuConv(program, group).Run();

    private void Run()
    {
        // Convolutions have many tiles where they take time: one size serves them all.
        var tile = GpuTiles.ForShares(Channels)[^1];
        var split = GpuSplit.For(Program, Tiles(tile.Rows, tile.Columns), Depth, Root.Output.Type.Shape.ElementCount(Program.Dims), Conv.Accumulator);
        LaunchTiles([tile], Depth, split, [tile], Write);
    }

    private Dim Tiles(int rows, int columns) => _batches * Conv.Groups * Channels.CeilDiv(rows) * _columns.CeilDiv(columns);

    private void Write(int tileRows, int tileColumns)
    {
        var depthShape = new Shape(W.Dims[1..]);
        var (blockRows, blockColumns) = (Channels.CeilDiv(tileRows), _columns.CeilDiv(tileColumns));
        var tiles = Tiles(tileRows, tileColumns);
        Kernel.Parallel(Items(tiles), item =>
        {
            (item, var depth, var deep) = ShareOf(item, tiles, Depth);
            var (rest, blockRow) = Program.Math.DivMod(item, blockRows);
            (rest, var blockColumn) = Program.Math.DivMod(rest, blockColumns);
            var (batch, group) = Program.Math.DivMod(rest, Program.Dims.Const(Conv.Groups));
            (batch, group) = (Kernel.LetWithin(batch, _batches, "n"), Kernel.LetWithin(group, Program.Dims.Const(Conv.Groups), "group"));
            var row = Kernel.Let(blockRow * tileRows, "row");
            var column = Kernel.Let(blockColumn * tileColumns, "column");
            var validRows = Kernel.Let(ExprFactory.Dim(Channels) - row, "rows");
            var validColumns = Kernel.Let(ExprFactory.Dim(_columns) - column, "columns");
            var firstChannel = Kernel.Let((group * ExprFactory.Dim(Channels)) + row, "channel");
            var tile = Kernel.DeclareTile(tileRows, tileColumns, Conv.Accumulator);
            Kernel.Product(tile, Depth, validRows, validColumns,
                (r, k) => Emitter.Load(Emitter.Input(Root.Inputs[1]), ((firstChannel + r) * ExprFactory.Dim(Depth)) + deep(k)),
                (k, c) => Pixel(Place(batch, column + c), group, Program.Math.Delinearize(deep(k), depthShape)), depth);
            Epilogue(tile, validColumns, (r, c) =>
            {
                var place = Place(batch, column + c);
                return [place[0], Kernel.LetWithin(firstChannel + r, W[0], "out"), .. place[1..]];
            }, validRows);
        });
    }

    /// <summary>The image and the pixel of a column.</summary>
    private Expr[] Place(Expr batch, Expr column)
    {
        var place = Program.Math.Delinearize(Kernel.LetWithin(column, _columns, "pixel"), _places);
        return IsPointwise ? [batch, .. place] : place;
    }

    /// <summary>The element of the image that a tap sees from an output pixel.</summary>
    private Expr Pixel(Expr[] place, Expr group, Expr[] tap)
    {
        var at = place[1..];
        var index = new Expr[X.Rank];
        index[0] = Kernel.Let(place[0], "n");
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
