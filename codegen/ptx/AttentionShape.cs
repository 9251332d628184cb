using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// How a block of threads divides attention, and what lies in shared memory. A warp has 16 rows: rows of its own and all keys of a block of keys, or, where
/// the tile has 16 rows in all, those and its share of the keys.
/// </summary>
internal sealed class AttentionShape
{
    internal const int RowsOfWarp = TileState.FragmentRows;

    /// <summary>Shared memory below which two blocks of threads fit on any multiprocessor that we compile for.</summary>
    private const int Budget = 80 << 10;

    /// <summary>Shared memory of a multiprocessor, and what a block takes of it besides.</summary>
    private const int MultiprocessorBytes = 164 << 10, ReservedBytes = 1 << 10;

    /// <summary>Columns up to which a third block fits the registers of a multiprocessor.</summary>
    private const int ShortHead = 128;

    private const int ManyKeys = 64, FewKeys = 32;

    /// <param name="rows">Rows of the tile.</param>
    /// <param name="columns">Columns of the values.</param>
    /// <param name="depth">Elements of a query.</param>
    /// <param name="threads">Threads of the block.</param>
    /// <param name="stored">Element type in shared memory.</param>
    /// <param name="cores">Tensor cores, or null.</param>
    internal AttentionShape(int rows, int columns, int depth, int threads, ElementType stored, TensorCores? cores)
    {
        Rows = rows;
        Columns = columns;
        Threads = threads;
        Stored = stored;
        Depth = depth;
        bool isWide = stored.Bytes() == sizeof(float);

        // What one step of the arithmetic takes; lines end on a whole one, with zeros where there is nothing.
        PaddedDepth = RoundUp(depth, isWide ? 8 : 16);
        PaddedColumns = RoundUp(Columns, cores is null ? 32 : isWide ? 8 : 16);

        // 16 bytes keep 8 lines on different banks.
        Padding = 16 / stored.Bytes();
        WeightsAreShared = cores is null;
        Keys = ManyKeys;
        if (SharedBytes > Budget && !(SplitsKeys && !isWide))
        {
            Keys = FewKeys;
        }
    }

    internal int Rows { get; }

    internal int Columns { get; }

    internal int Depth { get; }

    internal int Threads { get; }

    internal ElementType Stored { get; }

    /// <summary>Keys of a block of keys.</summary>
    internal int Keys { get; }

    internal int PaddedDepth { get; }

    internal int PaddedColumns { get; }

    /// <summary>Elements between lines of queries, keys and values in shared memory.</summary>
    internal int Padding { get; }

    internal int Warps => Threads / GpuModel.WarpThreads;

    /// <summary>All warps have the same rows, and each a share of the keys.</summary>
    internal bool SplitsKeys => Rows < Warps * RowsOfWarp;

    internal int KeysOfWarp => SplitsKeys ? Keys / Warps : Keys;

    /// <summary>Weights go through shared memory on their way to the second product.</summary>
    internal bool WeightsAreShared { get; }

    /// <summary>Elements from one line of queries or keys to the next.</summary>
    internal int DepthStride => PaddedDepth + Padding;

    internal int ColumnStride => PaddedColumns + Padding;

    internal int WeightStride => Keys + Padding;

    /// <summary>Elements from one row of the output, in f32, to the next: pairs of 8 rows are on different banks, and two more columns have room.</summary>
    internal int OutputStride => PaddedColumns + 8;

    /// <summary>Where keys begin in shared memory, in bytes; queries are at 0.</summary>
    internal int KeysAt => Rows * DepthStride * Stored.Bytes();

    internal int ValuesAt => KeysAt + (Keys * DepthStride * Stored.Bytes());

    internal int WeightsAt => ValuesAt + (Keys * ColumnStride * Stored.Bytes());

    /// <summary>Parts of the output that have to be added up.</summary>
    internal int Parts => SplitsKeys ? Warps : 1;

    /// <summary>Where, after all keys, the greatest score and the sum of each row of each part are; the output is at 0.</summary>
    internal int SumsAt => Parts * Rows * OutputStride * sizeof(float);

    internal int SharedBytes => Math.Max(
        WeightsAt + (WeightsAreShared ? Rows * WeightStride * sizeof(float) : 0),
        SumsAt + (SplitsKeys ? 2 * Parts * Rows * sizeof(float) : 0));

    /// <summary>
    /// Blocks of threads on a multiprocessor: three leave a thread 168 registers, which is enough for short heads, where there is shared memory for them.
    /// </summary>
    internal int BlocksTogether => PaddedColumns <= ShortHead && 3 * (SharedBytes + ReservedBytes) <= MultiprocessorBytes ? 3 : 2;

    private static int RoundUp(int value, int step) => (value + step - 1) / step * step;
}
