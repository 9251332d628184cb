using System.Runtime.InteropServices;
using System.Text;
using Dlc.Runtime.Device;

namespace Dlc.Runtime.Cuda;

/// <summary>
/// An NVIDIA GPU through its driver alone. It works in the device's primary context, which other libraries of the process use too: their memory can
/// be bound as inputs and outputs.
/// </summary>
public sealed unsafe class CudaDevice : IDevice
{
    private const int ComputeCapabilityMajor = 75;
    private const int ComputeCapabilityMinor = 76;
    private const int MaxDynamicSharedBytes = 8;

    private static readonly Lazy<CudaDevice> First = new(() => new CudaDevice(0));

    private readonly int _device;
    private readonly nint _context;
    private readonly List<nint> _modules = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    /// <summary>Opens a device by its number among those that the driver shows.</summary>
    /// <exception cref="DlcRuntimeException">UnsupportedDevice: no driver, or no such device; the message says what was looked for.</exception>
    public CudaDevice(int ordinal)
    {
        RequireDriver();
        CudaException.Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetCount(out int count), "count its devices");
        if ((uint)ordinal >= (uint)count)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.UnsupportedDevice, $"there is no GPU number {ordinal}", "a device that the NVIDIA driver shows (see CUDA_VISIBLE_DEVICES)", $"{count} devices");
        }

        CudaException.Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGet(out _device, ordinal), "open a device");
        byte* name = stackalloc byte[256];
        CudaException.Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetName(name, 256, _device), "name a device");
        Name = Marshal.PtrToStringUTF8((nint)name) ?? "GPU";
        Capability = (10 * Attribute(ComputeCapabilityMajor)) + Attribute(ComputeCapabilityMinor);
        CudaException.Check(DriverAPINativeMethods.DeviceManagement.cuDeviceTotalMem_v2(out nuint total, _device), "tell its memory");
        TotalBytes = (long)total;
        CudaException.Check(DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxRetain(out _context, _device), "make a context");
    }

    /// <summary>The first device, opened when it is asked for.</summary>
    /// <exception cref="DlcRuntimeException">As the constructor.</exception>
    public static CudaDevice Default => First.Value;

    /// <summary>Whether there is a driver and a device.</summary>
    public static bool IsAvailable
    {
        get
        {
            try
            {
                return Default.Capability > 0;
            }
            catch (DlcRuntimeException)
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int Capability { get; }

    /// <summary>Bytes of the device's memory.</summary>
    public long TotalBytes { get; }

    /// <inheritdoc/>
    public nint Allocate(long bytes)
    {
        Enter();
        CudaException.Check(DriverAPINativeMethods.MemoryManagement.cuMemAlloc_v2(out nint address, (nuint)Math.Max(1, bytes)), $"allocate {bytes} bytes");
        return address;
    }

    /// <inheritdoc/>
    public void Free(nint address)
    {
        Enter();
        CudaException.Check(DriverAPINativeMethods.MemoryManagement.cuMemFree_v2(address), "free memory");
    }

    /// <inheritdoc/>
    public void* AllocateHost(long bytes)
    {
        Enter();
        CudaException.Check(
            DriverAPINativeMethods.MemoryManagement.cuMemHostAlloc(out void* address, (nuint)Math.Max(1, bytes), 0), $"pin {bytes} bytes of host memory");
        return address;
    }

    /// <inheritdoc/>
    public void FreeHost(void* address)
    {
        Enter();
        CudaException.Check(DriverAPINativeMethods.MemoryManagement.cuMemFreeHost(address), "free pinned memory");
    }

    /// <inheritdoc/>
    public nint LoadKernel(ReadOnlySpan<byte> code, string entry, int sharedBytes)
    {
        // CU_JIT_ERROR_LOG_BUFFER and CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES.
        const int errorLogBuffer = 5;
        const int errorLogBytes = 6;
        const int logLength = 8 << 10;
        Enter();
        byte[] log = new byte[logLength];
        int* options = stackalloc int[2] { errorLogBuffer, errorLogBytes };
        nint module;
        fixed (byte* image = code, text = log)
        {
            void** values = stackalloc void*[2] { text, (void*)logLength };
            var result = DriverAPINativeMethods.ModuleManagement.cuModuleLoadDataEx(out module, image, 2, options, values);
            if (result != CUResult.Success)
            {
                string reason = Encoding.UTF8.GetString(log).TrimEnd('\0');
                throw new DlcRuntimeException(
                    RuntimeErrors.DeviceFailure, $"the GPU's driver refuses the kernel '{entry}': {CudaException.Describe(result)}{(reason.Length > 0 ? $": {reason}" : "")}");
            }
        }

        lock (_lock)
        {
            _modules.Add(module);
        }

        CudaException.Check(DriverAPINativeMethods.ModuleManagement.cuModuleGetFunction(out nint function, module, entry), $"find the kernel '{entry}'");
        if (sharedBytes > 0)
        {
            CudaException.Check(
                DriverAPINativeMethods.FunctionManagement.cuFuncSetAttribute(function, MaxDynamicSharedBytes, sharedBytes), $"give '{entry}' {sharedBytes} bytes of shared memory");
        }

        return function;
    }

    /// <inheritdoc/>
    public IDeviceQueue CreateQueue()
    {
        Enter();
        return new CudaStream(this);
    }

    /// <inheritdoc/>
    public IDeviceQueue WrapQueue(nint handle)
    {
        Enter();
        return new CudaStream(this, handle);
    }

    /// <inheritdoc/>
    public IDeviceEvent CreateEvent()
    {
        Enter();
        return new CudaEvent(this);
    }

    /// <summary>Lets go of the context; memory and kernels go with it unless others of the process use it.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        Enter();
        foreach (nint module in _modules)
        {
            _ = DriverAPINativeMethods.ModuleManagement.cuModuleUnload(module);
        }

        _ = DriverAPINativeMethods.ContextManagement.cuDevicePrimaryCtxRelease_v2(_device);
    }

    /// <summary>Makes the device's context that of the calling thread.</summary>
    internal void Enter()
    {
        CudaException.Check(DriverAPINativeMethods.ContextManagement.cuCtxGetCurrent(out nint current), "tell its context");
        if (current != _context)
        {
            CudaException.Check(DriverAPINativeMethods.ContextManagement.cuCtxSetCurrent(_context), "enter a context");
        }
    }

    private static void RequireDriver()
    {
        const string library = DriverAPINativeMethods.CUDA_DRIVER_API_DLL_NAME;
        if (!NativeLibrary.TryLoad(library, typeof(CudaDevice).Assembly, null, out _))
        {
            throw new DlcRuntimeException(
                RuntimeErrors.UnsupportedDevice, "this model was compiled for an NVIDIA GPU, and no driver for one was found",
                $"the library {library}, which comes with the driver", "no such library; compile with --target cpu to run on the processor");
        }

        var result = DriverAPINativeMethods.cuInit(0);
        if (result != CUResult.Success)
        {
            throw new DlcRuntimeException(
                RuntimeErrors.UnsupportedDevice, $"the NVIDIA driver does not start: {CudaException.Describe(result)}", "a GPU that the driver can use",
                result == CUResult.ErrorNoDevice ? "none" : "an error");
        }
    }

    private int Attribute(int number)
    {
        CudaException.Check(DriverAPINativeMethods.DeviceManagement.cuDeviceGetAttribute(out int value, number, _device), "describe a device");
        return value;
    }
}
