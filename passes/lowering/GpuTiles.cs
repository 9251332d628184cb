using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>The tiles of products and convolutions on a GPU: a block of threads computes one.</summary>
internal static class GpuTiles
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    public const int Small = 64;

    private const int Large = 128;

    /// <summary>A tile for a few rows: a thread sums part of a column.</summary>
    public const int ThinRows = 8, ThinColumns = 32;

    /// <summary>Multiprocessors of the GPUs that we compile for, about: fewer large tiles leave some idle.</summary>
    public const long Multiprocessors = 128;

    /// <summary>
    /// Edges of tiles with the condition under which each is taken, the last for all else: thin ones for few rows, small ones where there are too few
    /// large ones to keep the GPU busy.
    /// </summary>
    public static List<(int Rows, int Columns, Dim When)> For(ElementType accumulator, Dim batch, Dim rows, Dim columns)
    {
        var context = rows.Context;
        var tiles = new List<(int Rows, int Columns, Dim When)> { (ThinRows, ThinColumns, IsThin(rows)) };
        if (accumulator.Bytes() > sizeof(float))
        {
            tiles.Add((Small, Small, context.One));
        }
        else
        {
            tiles.Add((Small, Small, AtMost(batch * rows.CeilDiv(Large) * columns.CeilDiv(Large), Multiprocessors)));
            tiles.Add((Large, Large, context.One));
        }

        // What comes after a tile that always fits never runs.
        tiles.RemoveAll(t => t.When.Is(0));
        var always = tiles.FindIndex(t => t.When.IsConstant);
        return tiles[..(always + 1)];
    }

    /// <summary>Edges of tiles for shares of the depth: there are few tiles, so none is large.</summary>
    public static List<(int Rows, int Columns, Dim When)> ForShares(Dim rows)
    {
        var isThin = IsThin(rows);
        return isThin.Is(1) ? [(ThinRows, ThinColumns, isThin)] : isThin.Is(0) ? [(Small, Small, rows.Context.One)]
            : [(ThinRows, ThinColumns, isThin), (Small, Small, rows.Context.One)];
    }

    /// <summary>1 where a product has so few rows that thin tiles serve it, else 0.</summary>
    public static Dim IsThin(Dim rows) => AtMost(rows, ThinRows).Min(1);

    /// <summary>A condition: not 0 where a value is at most a limit.</summary>
    public static Dim AtMost(Dim value, long limit) => value.Context.Const(limit).FloorDiv(value.Max(1));
}
