namespace Dlc.Tests.Gpu;

/// <summary>What a <see cref="PtxQueue"/> captured.</summary>
internal sealed class PtxGraph : IDisposable
{
    private readonly PtxDevice _device;
    private readonly List<Action> _work;
    private bool _disposed;

    internal PtxGraph(PtxDevice device, List<Action> work)
    {
        (_device, _work) = (device, work);
        device.MostGraphs = Math.Max(device.MostGraphs, ++device.GraphsAlive);
    }

    internal List<Action> Work => _disposed ? throw new InvalidOperationException("the graph was dropped") : _work;

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _device.GraphsAlive--;
            _device.Graphs.Add("drop");
        }
    }
}
