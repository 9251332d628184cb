using System.Runtime.InteropServices;

namespace Dlc.Runtime.Cuda;

/// <summary>
/// The part of the CUDA driver API that we use, grouped and named as in ManagedCuda (https://github.com/kunzmi/managedCuda) so that the package can take its
/// place. Handles are plain numbers here; whoever wraps them says who frees what.
/// </summary>
internal static unsafe partial class DriverAPINativeMethods
{
    /// <summary>The driver's library; it comes with the driver and not with a toolkit.</summary>
    internal const string CUDA_DRIVER_API_DLL_NAME = "libcuda.so.1";

    [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
    internal static partial CUResult cuInit(uint flags);

    [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
    internal static partial CUResult cuDriverGetVersion(out int version);

    [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
    internal static partial CUResult cuGetErrorName(CUResult error, out byte* name);

    [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
    internal static partial CUResult cuGetErrorString(CUResult error, out byte* text);

    internal static partial class DeviceManagement
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDeviceGetCount(out int count);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDeviceGet(out int device, int ordinal);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDeviceGetName(byte* name, int length, int device);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDeviceGetAttribute(out int value, int attribute, int device);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDeviceTotalMem_v2(out nuint bytes, int device);
    }

    internal static partial class ContextManagement
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDevicePrimaryCtxRetain(out nint context, int device);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuDevicePrimaryCtxRelease_v2(int device);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuCtxSetCurrent(nint context);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuCtxGetCurrent(out nint context);
    }

    internal static partial class ModuleManagement
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuModuleLoadDataEx(out nint module, byte* image, uint count, int* options, void** values);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuModuleUnload(nint module);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME, StringMarshalling = StringMarshalling.Utf8)]
        internal static partial CUResult cuModuleGetFunction(out nint function, nint module, string name);
    }

    internal static partial class FunctionManagement
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuFuncSetAttribute(nint function, int attribute, int value);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuFuncGetAttribute(out int value, int attribute, nint function);
    }

    internal static partial class MemoryManagement
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemAlloc_v2(out nint address, nuint bytes);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemFree_v2(nint address);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemHostAlloc(out void* address, nuint bytes, uint flags);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemFreeHost(void* address);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemGetInfo_v2(out nuint free, out nuint total);
    }

    internal static partial class AsynchronousMemcpy_v2
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemcpyHtoDAsync_v2(nint to, void* from, nuint bytes, nint stream);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemcpyDtoHAsync_v2(void* to, nint from, nuint bytes, nint stream);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuMemcpyDtoDAsync_v2(nint to, nint from, nuint bytes, nint stream);
    }

    internal static partial class Launch
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuLaunchKernel(nint function, uint gridX, uint gridY, uint gridZ, uint blockX, uint blockY, uint blockZ,
            uint sharedBytes, nint stream, void** parameters, void** extra);
    }

    internal static partial class Streams
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuStreamCreate(out nint stream, uint flags);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuStreamDestroy_v2(nint stream);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuStreamSynchronize(nint stream);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuStreamWaitEvent(nint stream, nint @event, uint flags);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuStreamAddCallback(nint stream, delegate* unmanaged[Cdecl]<nint, CUResult, nint, void> callback, nint state, uint flags);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME, EntryPoint = "cuStreamBeginCapture_v2")]
        internal static partial CUResult cuStreamBeginCapture(nint stream, int mode);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuStreamEndCapture(nint stream, out nint graph);
    }

    // The name is ManagedCuda's.
    internal static partial class GraphManagment
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuGraphInstantiateWithFlags(out nint executable, nint graph, ulong flags);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuGraphLaunch(nint executable, nint stream);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuGraphExecDestroy(nint executable);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuGraphDestroy(nint graph);
    }

    internal static partial class Events
    {
        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuEventCreate(out nint @event, uint flags);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuEventRecord(nint @event, nint stream);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuEventQuery(nint @event);

        [LibraryImport(CUDA_DRIVER_API_DLL_NAME)]
        internal static partial CUResult cuEventDestroy_v2(nint @event);
    }
}
