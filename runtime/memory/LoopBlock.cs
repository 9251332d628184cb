using Dlc.Runtime.Device;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Memory;

/// <summary>
/// A block that a loop asks for sizes, which only the run knows. It is memory of its own as long as the limit leaves enough, else lent by the arena.
/// </summary>
internal sealed unsafe class LoopBlock(int number, int runsBeforeTrim, DeviceContext? device, MemoryBudget? budget, IRoomKeeper? rooms) : IDisposable
{
    private NativeBlock _own = new(device, budget);
    private NativeBlock _spare = new(device, budget);
    private ArenaPolicy _policy = new(runsBeforeTrim);
    private long _needed;

    public byte* Address { get; private set; }

    public long Capacity { get; private set; }

    /// <summary>Bytes of what is in it.</summary>
    public long Content { get; private set; }

    /// <summary>The most bytes asked for in this run.</summary>
    public long Needed => _needed;

    /// <summary>Bytes held outside of the arena.</summary>
    public long OwnBytes => _own.Capacity + _spare.Capacity;

    /// <summary>Makes it at least <paramref name="bytes"/> long; what was in it is lost if it has to grow.</summary>
    public byte* Ensure(long bytes)
    {
        if (bytes > Capacity)
        {
            Content = 0;
            byte* planned = Planned(bytes, out long room);
            if (planned != null)
            {
                Lend(planned, room);
            }
            else if (budget is null || budget.Fits(_own.Capacity, bytes))
            {
                _own.Ensure(bytes);
                UseOwn();
            }
            else
            {
                rooms!.MakeRoom(number, bytes);
            }
        }

        Use(bytes);
        return Address;
    }

    /// <summary>As <see cref="Ensure"/>, but keeps the first <paramref name="kept"/> bytes, and grows by more than it must where it can.</summary>
    public byte* Grow(long bytes, long kept)
    {
        if (bytes > Capacity)
        {
            Content = kept;
            long preferred = Math.Max(bytes, Capacity * 2);
            byte* planned = Planned(bytes, out long room);
            if (planned != null)
            {
                Copy(Address, planned, kept);
                device?.Settle();
                Lend(planned, room);
            }
            else if (budget is null || budget.Fits(0, preferred))
            {
                _spare.Ensure(preferred);
                Copy(Address, _spare.Address, kept);
                (_own, _spare) = (_spare, _own);
                device?.Settle();
                _spare.Resize(0);
                UseOwn();
            }
            else
            {
                rooms!.MakeRoom(number, bytes);
            }
        }

        Use(bytes);
        return Address;
    }

    /// <summary>What is in it counts for nothing.</summary>
    public void Clear() => Content = 0;

    /// <summary>From now on it is this memory, to which its contents were brought.</summary>
    public void Lend(byte* address, long capacity)
    {
        Release();
        Address = address;
        Capacity = capacity;
    }

    /// <summary>Notes the end of a run, after which the contents count for nothing.</summary>
    public void EndRun()
    {
        if (Address != _own.Address)
        {
            UseOwn();
        }

        long capacity = _policy.After(_needed, _own.Capacity);
        (_needed, Content) = (0, 0);
        if (capacity < _own.Capacity)
        {
            _own.Resize(capacity);
            UseOwn();
        }
    }

    /// <summary>Frees it; what was in it is lost.</summary>
    public void Release()
    {
        _own.Resize(0);
        _spare.Resize(0);
        Address = null;
        Capacity = 0;
    }

    public void Dispose()
    {
        _own.Dispose();
        _spare.Dispose();
    }

    private byte* Planned(long bytes, out long room)
    {
        room = 0;
        byte* at = rooms is null ? null : rooms.RoomFor(number, out room);
        return room >= bytes ? at : null;
    }

    private void UseOwn()
    {
        Address = _own.Address;
        Capacity = _own.Capacity;
    }

    private void Use(long bytes)
    {
        Content = bytes;
        _needed = Math.Max(_needed, bytes);
    }

    private void Copy(byte* from, byte* to, long bytes)
    {
        if (device is not null)
        {
            device.Copy(to, from, bytes);
        }
        else
        {
            Buffer.MemoryCopy(from, to, bytes, bytes);
        }
    }
}
