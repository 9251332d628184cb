using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Execution;

/// <summary>
/// Where a carried value stands in one execution: the memory that the current iteration reads, and two buffers that iterations write to
/// in turn. They are planned (addresses in a block) or, where sizes are unknown before the loop, blocks of their own.
/// </summary>
internal sealed unsafe class CarriedState(CarriedInfo info, int rank, LoopBlock? block0, LoopBlock? block1) : IDisposable
{
    private byte* _planned0;
    private byte* _planned1;
    private long _plannedBytes;
    private int _side;

    /// <summary>What the current iteration reads.</summary>
    public byte* Current { get; private set; }

    /// <summary>Its dims.</summary>
    public long[] Dims { get; } = new long[rank];

    /// <summary>Gives a planned buffer its address.</summary>
    public void Place(int side, byte* address, long bytes)
    {
        _plannedBytes = bytes;
        if (side == 0)
        {
            _planned0 = address;
        }
        else
        {
            _planned1 = address;
        }
    }

    /// <summary>Where a planned buffer lies.</summary>
    public byte* PlannedAt(int side) => side == 0 ? _planned0 : _planned1;

    /// <summary>What the current iteration reads lies elsewhere from now on.</summary>
    public void MoveTo(byte* current) => Current = current;

    /// <summary>Begins a loop with the initial value where it is.</summary>
    public void Begin(byte* initial)
    {
        Current = initial;
        _side = 0;
        block0?.Clear();
        block1?.Clear();
    }

    /// <summary>The buffer that this iteration writes, at least <paramref name="bytes"/> long; null when a planned one is too small.</summary>
    public byte* Next(long bytes)
    {
        if (info.IsPlanned)
        {
            return bytes > _plannedBytes ? null : _side == 0 ? _planned0 : _planned1;
        }

        return (_side == 0 ? block0 : block1)!.Ensure(Math.Max(bytes, 1));
    }

    /// <summary>Makes what this iteration wrote the current value.</summary>
    public void Advance(long bytes)
    {
        Current = Next(bytes);
        _side ^= 1;
    }

    /// <summary>A block of its own; null for planned buffers.</summary>
    public LoopBlock? Block(int side) => side == 0 ? block0 : block1;

    /// <summary>Bytes held outside of planned blocks.</summary>
    public long OwnBytes => (block0?.OwnBytes ?? 0) + (block1?.OwnBytes ?? 0);

    public void Release()
    {
        block0?.Release();
        block1?.Release();
    }

    public void EndRun()
    {
        block0?.EndRun();
        block1?.EndRun();
    }

    public void Dispose()
    {
        block0?.Dispose();
        block1?.Dispose();
    }
}
