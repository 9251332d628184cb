using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>Loops over register tiles that matrix products and convolutions share.</summary>
internal static class TileLoops
{
    /// <summary>
    /// Cuts <c>[start, end)</c> rows into tiles of nearly equal height, at most <paramref name="maximum"/>, and calls <paramref name="emit"/> with the height (a
    /// number: the tile is in registers) and the first row. Balanced heights leave no thin tile at the end.
    /// </summary>
    public static void OverRows(KernelBuilder k, Expr start, Expr end, Dim? knownCount, int maximum, Action<int, Expr> emit)
    {
        if (knownCount is { IsConstant: true, Constant: var count })
        {
            if (count <= 0)
            {
                return;
            }

            var tiles = IntegerMath.CeilDiv(count, maximum);
            var (low, higher) = (count / tiles, count % tiles);
            if (higher > 0)
            {
                k.Serial(ExprFactory.Int(higher), t => emit((int)low + 1, k.Let(start + (t * (low + 1)), "row")));
            }

            k.Serial(ExprFactory.Int(tiles - higher), t => emit((int)low, k.Let(start + (t * low) + (higher * (low + 1)), "row")));
            return;
        }

        var rows = k.Let(end - start, "rows");
        var number = k.Let(ExprFactory.Binary(BinaryOp.FloorDiv, rows + (maximum - 1), ExprFactory.Int(maximum)), "tiles");
        k.Serial(number, t =>
        {
            var first = k.Let(start + ExprFactory.Binary(BinaryOp.FloorDiv, rows * t, number), "row");
            var next = start + ExprFactory.Binary(BinaryOp.FloorDiv, rows * (t + 1), number);
            var height = k.Let(next - first, "height");
            Choose(k, height, maximum, h => emit(h, first));
        });
    }

    /// <summary>
    /// Calls <paramref name="emit"/> with a tile width that holds the valid columns of a panel: the full width, or a narrower one at the end.
    /// </summary>
    public static void OverWidths(KernelBuilder k, Expr valid, Dim? knownTotal, TileShape tile, Action<int> emit)
    {
        if (knownTotal is { IsConstant: true, Constant: var total })
        {
            var tail = (int)(total % tile.Columns);
            if (tail == 0 || total == 0)
            {
                emit(tile.Columns);
                return;
            }

            var narrow = (int)IntegerMath.CeilDiv(tail, tile.Lanes) * tile.Lanes;
            if (total < tile.Columns || narrow == tile.Columns)
            {
                emit(total < tile.Columns ? narrow : tile.Columns);
                return;
            }

            k.If(ExprFactory.LessOrEqual(valid, ExprFactory.Int(narrow)), () => emit(narrow), () => emit(tile.Columns));
            return;
        }

        void Next(List<int> widths)
        {
            if (widths.Count == 1)
            {
                emit(widths[0]);
                return;
            }

            k.If(ExprFactory.LessOrEqual(ExprFactory.Int(widths[0] - tile.Lanes + 1), valid), () => emit(widths[0]), () => Next(widths[1..]));
        }

        Next([.. tile.Widths().Reverse()]);
    }

    private static void Choose(KernelBuilder k, Expr height, int candidate, Action<int> emit)
    {
        if (candidate == 1)
        {
            emit(1);
            return;
        }

        k.If(ExprFactory.Equal(height, ExprFactory.Int(candidate)), () => emit(candidate), () => Choose(k, height, candidate - 1, emit));
    }
}
