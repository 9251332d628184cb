using Dlc.Runtime.Device;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Execution;

/// <summary>Collects the values of a scan output whose final size is unknown while the loop runs.</summary>
internal sealed unsafe class ScanState(int rank, LoopBlock block, DeviceContext? device) : IDisposable
{
    /// <summary>Bytes of one iteration's value.</summary>
    public long ItemBytes { get; set; }

    /// <summary>Dims of one iteration's value.</summary>
    public long[] Dims { get; } = new long[rank];

    /// <summary>What was collected.</summary>
    public byte* Address => block.Address;

    /// <summary>Where it is collected.</summary>
    public LoopBlock Block => block;

    /// <summary>Bytes collected.</summary>
    public long Bytes { get; private set; }

    public void Begin()
    {
        Bytes = 0;
        ItemBytes = 0;
        block.Clear();
        Array.Clear(Dims);
    }

    /// <summary>Makes room for another value; what it was read from may have moved when this returns.</summary>
    public void Reserve(long bytes) => block.Grow(checked(Bytes + bytes), Bytes);

    /// <summary>Adds a value for which there is room.</summary>
    public void Append(byte* data, long bytes)
    {
        byte* to = block.Address + Bytes;
        if (device is not null)
        {
            device.Copy(to, data, bytes);
        }
        else
        {
            Buffer.MemoryCopy(data, to, bytes, bytes);
        }

        Bytes += bytes;
    }

    public void Dispose() => block.Dispose();
}
