namespace Dlc.Runtime.Cuda;

/// <summary>An instantiated graph.</summary>
internal sealed class CudaGraph : IDisposable
{
    private readonly CudaDevice _device;
    private bool _disposed;

    private CudaGraph(CudaDevice device, nint handle)
    {
        _device = device;
        Handle = handle;
    }

    public nint Handle { get; }

    /// <summary>Makes a captured graph ready to launch; null where the driver refuses. The captured one is let go of.</summary>
    public static CudaGraph? Of(CudaDevice device, nint captured)
    {
        var result = DriverAPINativeMethods.GraphManagment.cuGraphInstantiateWithFlags(out nint handle, captured, 0);
        _ = DriverAPINativeMethods.GraphManagment.cuGraphDestroy(captured);
        return result == CUResult.Success ? new CudaGraph(device, handle) : null;
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _device.Enter();
            _ = DriverAPINativeMethods.GraphManagment.cuGraphExecDestroy(Handle);
        }
    }
}
