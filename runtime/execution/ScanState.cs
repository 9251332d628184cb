using Dlc.Runtime.Device;
using Dlc.Runtime.Memory;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Execution;

/// <summary>Collects the values of a scan output whose final size is unknown while the loop runs.</summary>
internal sealed unsafe class ScanState(int rank, int runsBeforeTrim, DeviceContext? device, MemoryBudget? budget) : IDisposable
{
    private NativeBlock _block = new(device, budget);
    private NativeBlock _spare = new(device, budget);
    private ArenaPolicy _policy = new(runsBeforeTrim);

    /// <summary>Bytes of one iteration's value.</summary>
    public long ItemBytes { get; set; }

    /// <summary>Dims of one iteration's value.</summary>
    public long[] Dims { get; } = new long[rank];

    /// <summary>What was collected.</summary>
    public byte* Address => _block.Address;

    /// <summary>Bytes collected.</summary>
    public long Bytes { get; private set; }

    public long OwnBytes => _block.Capacity + _spare.Capacity;

    /// <summary>Frees what was collected. Not while a run is under way.</summary>
    public void Release()
    {
        _block.Resize(0);
        _spare.Resize(0);
    }

    public void Begin()
    {
        Bytes = 0;
        ItemBytes = 0;
        Array.Clear(Dims);
    }

    public void Append(byte* data, long bytes)
    {
        long needed = checked(Bytes + bytes);
        if (needed > _block.Capacity)
        {
            _spare.Ensure(Math.Max(needed, _block.Capacity * 2));
            Copy(_block.Address, _spare.Address, Bytes);
            (_block, _spare) = (_spare, _block);
            device?.Settle();
            _spare.Resize(0);
        }

        Copy(data, _block.Address + Bytes, bytes);
        Bytes = needed;
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

    /// <summary>Notes the end of a run: what was collected is in its place, and a large block is not kept for long.</summary>
    public void EndRun()
    {
        long capacity = _policy.After(Bytes, _block.Capacity);
        if (capacity < _block.Capacity)
        {
            _block.Resize(capacity);
        }
    }

    public void Dispose()
    {
        _block.Dispose();
        _spare.Dispose();
    }
}
