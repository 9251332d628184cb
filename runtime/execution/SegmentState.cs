using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Execution;

/// <summary>The block of a bind point other than the entry, with the plan that it was last used with: loops mostly repeat their sizes.</summary>
internal sealed unsafe class SegmentState(LifetimeTable lifetimes, int runsBeforeTrim) : IDisposable
{
    private readonly ScopedBlock _block = new(runsBeforeTrim);
    private readonly long[] _planned = NewSizes(lifetimes.Count);
    private long _bytes;

    /// <summary>Sizes of the items; to be filled before <see cref="Plan"/>.</summary>
    public long[] Sizes { get; } = new long[lifetimes.Count];

    public long[] Offsets { get; } = new long[lifetimes.Count];

    public long OwnBytes => _block.Capacity;

    /// <summary>Plans for <see cref="Sizes"/> unless they are those of the last time.</summary>
    /// <returns>The address of the block.</returns>
    public byte* Plan()
    {
        if (!Sizes.AsSpan().SequenceEqual(_planned))
        {
            // Not valid while planning may still fail.
            _planned[0] = -1;
            _bytes = ArenaPlanner.Plan(lifetimes, Sizes, Offsets);
            Sizes.CopyTo(_planned, 0);
        }

        return _block.Ensure(_bytes);
    }

    public void EndRun() => _block.EndRun();

    public void Dispose() => _block.Dispose();

    private static long[] NewSizes(int count)
    {
        var sizes = new long[count];
        Array.Fill(sizes, -1);
        return sizes;
    }
}
