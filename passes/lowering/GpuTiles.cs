using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Lowering;

/// <summary>The tiles of products and convolutions on a GPU: a block of threads computes one.</summary>
internal static class GpuTiles
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 256;

    private const int Large = 128, Small = 64;

    /// <summary>Edges of a tile: large ones read less, small ones waste less.</summary>
    public static (int Rows, int Columns) For(ElementType accumulator, Dim rows, Dim columns)
    {
        if (accumulator.Bytes() > sizeof(float))
        {
            return (Small, Small);
        }

        static int Edge(Dim extent) => extent is { IsConstant: true, Constant: <= Small } ? Small : Large;
        return (Edge(rows), Edge(columns));
    }
}
