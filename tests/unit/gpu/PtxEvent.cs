using Dlc.Runtime.Device;

namespace Dlc.Tests.Gpu;

/// <summary>A mark in a <see cref="PtxQueue"/>.</summary>
internal sealed class PtxEvent(Lock @lock) : IDeviceEvent
{
    internal PtxQueue? Queue { get; set; }

    internal long Position { get; set; }

    public bool IsDone
    {
        get
        {
            lock (@lock)
            {
                return Queue is null || Queue.Done >= Position;
            }
        }
    }

    public void Dispose()
    {
    }
}
