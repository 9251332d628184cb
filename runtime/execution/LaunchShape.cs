namespace Dlc.Runtime.Execution;

/// <summary>How a launch is done at given dims: which variant, cut in which ranges, on how many threads, with how much scratch memory.</summary>
internal readonly struct LaunchShape
{
    // Ranges handed out per thread and launch: few enough to cost nothing, enough to even out threads of unequal speed.
    private const int ChunksPerThread = 4;
    private const int ScratchAlignment = 128;
    private const long MaxScratch = 1L << 44;

    private LaunchShape(int variant, long extent, long chunk, int threads, long stride, long workers = 0)
    {
        ScratchBytes = stride * (workers == 0 ? threads : workers);
        Variant = variant;
        Extent = extent;
        Chunk = chunk;
        Threads = threads;
        ScratchStride = stride;
    }

    /// <summary>Index of the variant that runs.</summary>
    public int Variant { get; }

    /// <summary>Work items; not positive for no call at all.</summary>
    public long Extent { get; }

    /// <summary>Work items of one range.</summary>
    public long Chunk { get; }

    /// <summary>Threads that take ranges: 1 for one call that does everything.</summary>
    public int Threads { get; }

    /// <summary>Bytes of scratch memory of a thread.</summary>
    public long ScratchStride { get; }

    /// <summary>Bytes of scratch memory of all threads, or of all workers of a GPU.</summary>
    public long ScratchBytes { get; }

    /// <summary>Works it out.</summary>
    /// <param name="launch">The step.</param>
    /// <param name="slots">Slots, those of the launch known.</param>
    /// <param name="threads">Threads at hand.</param>
    /// <exception cref="DlcRuntimeException">OutOfMemory.</exception>
    public static unsafe LaunchShape Of(PreparedLaunch launch, long* slots, int threads)
    {
        int number = 0;
        while (launch.Variants[number].PredicateSlot >= 0 && slots[launch.Variants[number].PredicateSlot] == 0)
        {
            number++;
        }

        ref readonly var variant = ref launch.Variants[number];
        long extent = variant.ExtentSlot < 0 ? 1 : slots[variant.ExtentSlot];
        if (extent <= 0)
        {
            return new LaunchShape(number, extent, 0, 1, 0);
        }

        if (variant.Gpu is { } gpu)
        {
            long own = variant.ScratchSlot < 0 ? 0 : Scratch(slots[variant.ScratchSlot]);
            return new LaunchShape(number, extent, extent, 1, own, gpu.Blocks(extent) * gpu.ItemsPerBlock);
        }

        long grain = variant.GrainSlot < 0 ? 1 : Math.Max(1, slots[variant.GrainSlot]);
        long chunk = threads <= 1 || extent <= grain ? extent : Math.Max(grain, ((extent - 1) / (ChunksPerThread * threads)) + 1);
        long stride = variant.ScratchSlot < 0 ? 0 : Scratch(slots[variant.ScratchSlot]);
        return new LaunchShape(number, extent, chunk, chunk >= extent ? 1 : threads, stride);
    }

    private static long Scratch(long asked)
    {
        if (asked > MaxScratch)
        {
            throw new DlcRuntimeException(RuntimeErrors.OutOfMemory, "a kernel asks for too much scratch memory", $"at most {MaxScratch} bytes", $"{asked}");
        }

        return asked <= 0 ? 0 : (asked + ScratchAlignment - 1) & -ScratchAlignment;
    }
}
