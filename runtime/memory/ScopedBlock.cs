using Dlc.Runtime.Native;

namespace Dlc.Runtime.Memory;

/// <summary>A block that is asked for sizes within a run and may be made smaller between runs.</summary>
internal sealed unsafe class ScopedBlock(int runsBeforeTrim, IMemorySource? source, MemoryBudget? budget = null) : IDisposable
{
    private readonly NativeBlock _block = new(source, budget);
    private ArenaPolicy _policy = new(runsBeforeTrim);
    private long _needed;

    public long Capacity => _block.Capacity;

    /// <summary>Whether it may be so many bytes long.</summary>
    public bool Fits(long bytes) => bytes <= _block.Capacity || budget?.Fits(_block.Capacity, bytes) != false;

    /// <summary>Makes it at least <paramref name="bytes"/> long; what was in it is lost if it has to grow.</summary>
    public byte* Ensure(long bytes)
    {
        _needed = Math.Max(_needed, bytes);
        return _block.Ensure(bytes);
    }

    /// <summary>Notes the end of a run, after which the contents count for nothing.</summary>
    public void EndRun()
    {
        long capacity = _policy.After(_needed, _block.Capacity);
        _needed = 0;
        if (capacity < _block.Capacity)
        {
            _block.Resize(capacity);
        }
    }

    /// <summary>Frees it. Not while a run is under way.</summary>
    public void Release() => _block.Resize(0);

    public void Dispose() => _block.Dispose();
}
