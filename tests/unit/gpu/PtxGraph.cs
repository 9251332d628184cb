namespace Dlc.Tests.Gpu;

/// <summary>What a <see cref="PtxQueue"/> captured.</summary>
internal sealed class PtxGraph : IDisposable
{
    private readonly PtxDevice _device;
    private readonly PtxCapture _work;
    private bool _disposed;

    internal PtxGraph(PtxDevice device, PtxCapture work)
    {
        (_device, _work) = (device, work);
        device.MostGraphs = Math.Max(device.MostGraphs, ++device.GraphsAlive);
    }

    internal void Run()
    {
        if (_disposed)
        {
            throw new InvalidOperationException("the graph was dropped before it was done");
        }

        _work.Run();
    }

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
