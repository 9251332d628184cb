using Dlc.Runtime.Device;

namespace Dlc.Runtime.Cuda;

/// <summary>An event of a GPU, without times.</summary>
internal sealed class CudaEvent : IDeviceEvent
{
    private const uint DisableTiming = 2;

    private readonly CudaDevice _device;

    public CudaEvent(CudaDevice device)
    {
        _device = device;
        CudaException.Check(DriverAPINativeMethods.Events.cuEventCreate(out nint handle, DisableTiming), "make an event");
        Handle = handle;
    }

    public nint Handle { get; }

    public bool IsDone
    {
        get
        {
            _device.Enter();
            var result = DriverAPINativeMethods.Events.cuEventQuery(Handle);
            if (result != CUResult.ErrorNotReady)
            {
                CudaException.Check(result, "ask for an event");
            }

            return result == CUResult.Success;
        }
    }

    public void Dispose()
    {
        _device.Enter();
        _ = DriverAPINativeMethods.Events.cuEventDestroy_v2(Handle);
    }
}
