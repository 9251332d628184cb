namespace Dlc.Runtime.Device;

/// <summary>
/// A machine with memory of its own that runs kernels: a GPU, or whatever stands in for one. Addresses of its memory are numbers that the host may add to
/// but not read. Safe from many threads.
/// </summary>
public interface IDevice : IDisposable
{
    /// <summary>For messages and reports.</summary>
    string Name { get; }

    /// <summary>Compute capability times ten: code for at most this one runs.</summary>
    int Capability { get; }

    /// <summary>Memory of the device, aligned to at least 256 bytes; its contents are undefined.</summary>
    /// <exception cref="DlcRuntimeException">OutOfMemory.</exception>
    nint Allocate(long bytes);

    /// <summary>Frees what <see cref="Allocate"/> gave, when all that was queued to use it is done.</summary>
    void Free(nint address);

    /// <summary>Memory of the host that transfers reach directly.</summary>
    /// <exception cref="DlcRuntimeException">OutOfMemory.</exception>
    unsafe void* AllocateHost(long bytes);

    /// <summary>Frees what <see cref="AllocateHost"/> gave.</summary>
    unsafe void FreeHost(void* address);

    /// <summary>Makes a kernel ready to launch; it lives as long as the device.</summary>
    /// <param name="code">PTX, ended by a zero byte.</param>
    /// <param name="entry">Name of its entry point.</param>
    /// <param name="sharedBytes">Shared memory that launches ask for.</param>
    /// <exception cref="DlcRuntimeException">The device does not take the code.</exception>
    nint LoadKernel(ReadOnlySpan<byte> code, string entry, int sharedBytes);

    /// <summary>A queue of work, done in order and beside the work of other queues.</summary>
    IDeviceQueue CreateQueue();

    /// <summary>A queue that the caller has already, in the device's own terms (a CUstream); disposing the result leaves it as it is.</summary>
    IDeviceQueue WrapQueue(nint handle);

    /// <summary>A mark that queues set.</summary>
    IDeviceEvent CreateEvent();
}
