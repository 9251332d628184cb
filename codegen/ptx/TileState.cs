using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// How the threads of a block hold a tile in registers. On CUDA cores they stand in a square of 16 by 16, each with groups of 4 neighbouring rows and
/// columns that are 64 apart; on tensor cores 8 warps stand 2 by 4, each with fragments of 16 by 8 elements.
/// </summary>
internal sealed class TileState
{
    /// <summary>Threads of a block that runs tiles.</summary>
    internal const int Threads = 256;

    /// <summary>Threads along an edge of the square.</summary>
    internal const int Square = 16;

    internal const int WarpRows = 2, WarpColumns = 4;

    internal const int FragmentRows = 16, FragmentColumns = 8;

    internal TileState(Tile tile, LLVMValueRef initial, Func<LLVMTypeRef, LLVMValueRef> slot, LLVMBuilderRef builder)
    {
        Tile = tile;
        Slots = new LLVMValueRef[IsThin ? tile.Rows : tile.Rows * tile.Columns / Threads];
        for (int i = 0; i < Slots.Length; i++)
        {
            Slots[i] = slot(initial.TypeOf);
            builder.BuildStore(initial, Slots[i]);
        }
    }

    internal Tile Tile { get; }

    /// <summary>Too few rows for a square of threads: each thread sums part of a column.</summary>
    internal bool IsThin => Tile.Rows * Tile.Columns == Threads && Tile.Columns == GpuModel.WarpThreads;

    /// <summary>Elements of this thread.</summary>
    internal LLVMValueRef[] Slots { get; }

    /// <summary>Whether a product on tensor cores filled it; known when a product was emitted.</summary>
    internal bool IsFragments { get; set; }

    /// <summary>On CUDA cores: rows and columns of a thread.</summary>
    internal int ThreadRows => Tile.Rows / Square;

    internal int ThreadColumns => Tile.Columns / Square;

    /// <summary>On tensor cores: rows and columns of a warp.</summary>
    internal int RowsOfWarp => Tile.Rows / WarpRows;

    internal int ColumnsOfWarp => Tile.Columns / WarpColumns;
}
