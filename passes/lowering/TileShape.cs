using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>The register tile of a product: columns are lanes of a panel of B, rows are broadcast elements of A.</summary>
internal readonly record struct TileShape(int Rows, int Columns, int Lanes)
{
    /// <summary>More rows cost compile time (each height is code of its own) and first-level cache conflicts without being faster.</summary>
    private const int MaximumRows = 8;

    /// <summary>The widest tile that the machine keeps in registers, narrowed to what a known number of columns fills.</summary>
    public static TileShape For(MachineModel machine, Dim columns)
    {
        var lanes = machine.VectorLanes;
        var best = machine.TileColumns;
        if (columns.IsConstant && columns.Constant > 0)
        {
            // Of the widths of one vector up to one more than usual, the one that computes the fewest columns; wide ones win ties.
            var waste = long.MaxValue;
            for (var width = machine.TileColumns + lanes; width >= lanes; width -= lanes)
            {
                var padded = IntegerMath.CeilDiv(columns.Constant, width) * width;
                var isBetter = width == machine.TileColumns ? padded <= waste : padded < waste;
                if (isBetter && (width <= machine.TileColumns || columns.Constant % width == 0))
                {
                    (best, waste) = (width, padded);
                }
            }

            // A few columns too many in the last panel cost less than narrow tiles everywhere.
            if (columns.Constant > 2 * machine.TileColumns && best < machine.TileColumns)
            {
                best = machine.TileColumns;
            }
        }

        return new TileShape(Math.Min(MaximumRows, machine.MaximalTileRows(best)), best, lanes);
    }

    /// <summary>
    /// Columns from one panel to the next where panels are made at run time: as few panels as the tile's width allows, of equal numbers of vectors, so that
    /// 64 columns are two panels of 32 and not one of 48 and one of 16.
    /// </summary>
    public Dim PanelStep(Dim columns)
    {
        if (columns.IsConstant)
        {
            return columns.Context.Const(Columns);
        }

        var panels = columns.CeilDiv(Columns).Max(columns.Context.One);
        return columns.CeilDiv(Lanes).CeilDiv(panels) * Lanes;
    }

    /// <summary>Tile widths from one vector to the whole panel, for a last panel with few columns.</summary>
    public IEnumerable<int> Widths()
    {
        for (var width = Lanes; width < Columns; width += Lanes)
        {
            yield return width;
        }

        yield return Columns;
    }
}
