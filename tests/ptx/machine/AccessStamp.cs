namespace Dlc.Ptx.Machine;

/// <summary>
/// Who accessed a granule of memory, in 64 bits, and what orders two accesses. From the lowest bit: meetings of the warp since the last barrier of
/// the block (12), barriers of the block (16), thread (10), atomic, in flight, several threads of one warp, several warps, block plus 1 (22; all ones: several
/// blocks). 0 is nobody.
/// </summary>
internal static class AccessStamp
{
    /// <summary>The access is atomic.</summary>
    public const ulong Atomic = 1ul << 38;

    /// <summary>An asynchronous copy will write here.</summary>
    public const ulong InFlight = 1ul << 39;

    /// <summary>The thread is one of several of its warp.</summary>
    public const ulong ManyLanes = 1ul << 40;

    /// <summary>Threads of several warps.</summary>
    public const ulong ManyWarps = 1ul << 41;

    /// <summary>Threads of several blocks.</summary>
    public const int ManyBlocks = 0x3fffff - 1;

    private const int ThreadShift = 28;
    private const int BlockShift = 42;
    private const ulong BlockEpochs = 0xffffUL << 12;
    private const ulong WarpEpochs = 0xfff;

    /// <summary>Greatest number of blocks that can be told apart.</summary>
    public const int MaximumBlocks = ManyBlocks - 1;

    /// <summary>The stamp of an access.</summary>
    public static ulong Of(int block, int thread, int blockEpoch, int warpEpoch) =>
        ((ulong)(block + 1) << BlockShift) | ((ulong)thread << ThreadShift) | (((ulong)blockEpoch & 0xffff) << 12) | ((ulong)warpEpoch & WarpEpochs);

    /// <summary>The block.</summary>
    public static int BlockOf(ulong stamp) => (int)(stamp >> BlockShift) - 1;

    /// <summary>The thread in its block.</summary>
    public static int ThreadOf(ulong stamp) => (int)(stamp >> ThreadShift) & 0x3ff;

    /// <summary>Whether two accesses of one block may happen in either order.</summary>
    public static bool Unordered(ulong old, ulong now)
    {
        if (((old ^ now) & BlockEpochs) != 0)
        {
            return false;
        }

        const ulong many = ManyLanes | ManyWarps;
        int oldThread = ThreadOf(old), thread = ThreadOf(now);
        if (oldThread == thread && (old & many) == 0)
        {
            return false;
        }

        bool sameWarp = oldThread >> 5 == thread >> 5 && (old & ManyWarps) == 0;
        return !sameWarp || ((old ^ now) & WarpEpochs) == 0;
    }

    /// <summary>What is remembered when a granule that <paramref name="old"/> read is read by another thread of the same block, in either order.</summary>
    public static ulong Join(ulong old, ulong now) =>
        now | (old & (ManyLanes | ManyWarps)) | (ThreadOf(old) >> 5 == ThreadOf(now) >> 5 ? ManyLanes : ManyWarps);

    /// <summary>What is remembered when several blocks have read a granule.</summary>
    public static ulong JoinBlocks(ulong now) => (now & ~(ulong.MaxValue << BlockShift)) | ((ulong)(ManyBlocks + 1) << BlockShift);
}
