namespace Dlc.Runtime.Device;

/// <summary>
/// Work for a device in the order in which it is done. Calls return before the work is done, but for <see cref="Synchronise"/>. Used by one thread at a time.
/// </summary>
public unsafe interface IDeviceQueue : IDisposable
{
    /// <summary>Copies from the host; its memory may be used again when the call returns, unless <see cref="IDevice.AllocateHost"/> gave it.</summary>
    void CopyToDevice(nint to, void* from, long bytes);

    /// <summary>Copies to the host; what is there counts after <see cref="Synchronise"/>.</summary>
    void CopyToHost(void* to, nint from, long bytes);

    /// <summary>Copies within the device; the ranges do not overlap.</summary>
    void Copy(nint to, nint from, long bytes);

    /// <summary>Launches a kernel on a grid and blocks of one dimension.</summary>
    /// <param name="kernel">From <see cref="IDevice.LoadKernel"/>.</param>
    /// <param name="blocks">Blocks of the grid, at least 1.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Shared memory of a block besides what the code declares.</param>
    /// <param name="arguments">The parameters, 64 bits each.</param>
    void Launch(nint kernel, long blocks, int threads, int sharedBytes, ReadOnlySpan<long> arguments);

    /// <summary>What is queued here from now on waits for what was queued there so far.</summary>
    void WaitFor(IDeviceQueue other);

    /// <summary>Sets a mark after what was queued so far.</summary>
    void Record(IDeviceEvent mark);

    /// <summary>Returns when all that was queued is done.</summary>
    /// <exception cref="DlcRuntimeException">Some of it failed.</exception>
    void Synchronise();

    /// <summary>Has a function called when all that was queued is done or has failed: once, by a thread of the device, which it may not call or hold up.</summary>
    /// <exception cref="DlcRuntimeException">The device refuses: it has failed.</exception>
    void Notify(Action whenDone);

    /// <summary>
    /// From now on launches and copies are taken down and not done, here and in queues from when they wait for this one, until <see cref="EndCapture"/>; before
    /// that this queue has to wait for those. Copies are within the device or reach memory of <see cref="IDevice.AllocateHost"/>, and nothing else is called meanwhile.
    /// </summary>
    /// <returns>False where the device knows nothing like it, or refuses.</returns>
    bool BeginCapture();

    /// <summary>Ends what <see cref="BeginCapture"/> began.</summary>
    /// <returns>What was taken down, for <see cref="Replay"/>; null where that failed. To be disposed when no replay is under way.</returns>
    IDisposable? EndCapture();

    /// <summary>Queues what was taken down, in its order.</summary>
    /// <param name="graph">From this queue.</param>
    /// <exception cref="DlcRuntimeException">The device refuses; nothing was queued.</exception>
    void Replay(IDisposable graph);
}
