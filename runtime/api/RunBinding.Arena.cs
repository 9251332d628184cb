namespace Dlc.Runtime;

/// <content>Memory of the host for what lies between inputs and outputs.</content>
public sealed unsafe partial class RunBinding
{
    private readonly BoundArena _arena = new();

    /// <summary>
    /// Has runs put everything between inputs and outputs whose size follows from the input dims into memory of the caller, who keeps it in place. What is
    /// in it means nothing before and after a run. Runs that go on at once need different memory, or fail with WrongLayout.
    /// </summary>
    /// <param name="data">First byte, on the device where the session runs on one; what lies before the first multiple of 64 is not used.</param>
    /// <param name="length">Bytes at <paramref name="data"/>; a run whose arena (<see cref="MemoryReport.PeakBytes"/>) needs more fails with BufferTooSmall.</param>
    public void BindArena(void* data, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        RequireFree();
        _arena.Use((byte*)data, length, default, isManaged: false);
    }

    /// <summary>Has runs use memory of the caller as their arena; see the form with a pointer. Not for sessions that run on a device.</summary>
    public void BindArena(Memory<byte> memory)
    {
        RequireFree();
        var pin = memory.Pin();
        _arena.Use((byte*)pin.Pointer, memory.Length, pin, isManaged: true);
    }

    /// <summary>Has runs use the session's arena, as it is from the start.</summary>
    public void UnbindArena()
    {
        RequireFree();
        _arena.Dispose();
    }

    internal (nint Start, nint End) ArenaRange => _arena.Range;

    internal byte* ArenaFor(long bytes, bool isOnDevice) => _arena.For(bytes, isOnDevice);
}
