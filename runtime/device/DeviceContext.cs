using Dlc.Runtime.Execution;
using Dlc.Runtime.Native;

namespace Dlc.Runtime.Device;

/// <summary>What an execution context has on a device: its queue, one for transfers beside it, and the word in which kernels report failed checks.</summary>
internal sealed unsafe class DeviceContext : IMemorySource, IDisposable
{
    /// <summary>The status word while all is well.</summary>
    private const long NoFailure = -1;

    private readonly IDeviceQueue _queue;
    private readonly IDeviceQueue _transfers;
    private readonly IDeviceEvent _done;
    private readonly nint _status;

    /// <summary>Pinned: what a good status is, the status of a run, and what was read last. None is written while a copy may be under way.</summary>
    private readonly long* _words;
    private readonly bool _hasChecks;
    private readonly long[] _arguments;
    private bool _transferIsPending;

    /// <summary>The host's queue of the run under way, and the one used last.</summary>
    private IDeviceQueue? _hosts;
    private (nint Handle, IDeviceQueue Queue)? _lastHosts;

    /// <param name="model">The executable on its device.</param>
    /// <param name="prepared">The model.</param>
    /// <param name="graphs">Most runs kept as graphs.</param>
    public DeviceContext(DeviceModel model, PreparedModel prepared, int graphs)
    {
        Model = model;
        _queue = model.Device.CreateQueue();
        _transfers = model.Device.CreateQueue();
        _done = model.Device.CreateEvent();
        _status = model.Device.Allocate(sizeof(long));
        _words = (long*)model.Device.AllocateHost(3 * sizeof(long));
        _words[0] = NoFailure;
        _hasChecks = Array.Exists(prepared.Steps, s => s is PreparedLaunch { Messages.Length: > 0 });
        Graphs = new DeviceGraphs(_queue, graphs);
        _arguments = new long[prepared.MaxBuffers + prepared.MaxDims + 4];
    }

    public DeviceModel Model { get; }

    public DeviceGraphs Graphs { get; }

    byte* IMemorySource.Allocate(long bytes) => (byte*)Model.Device.Allocate(bytes);

    void IMemorySource.Free(byte* address) => Model.Device.Free((nint)address);

    /// <summary>Whether all is done that was queued before <see cref="Mark"/>.</summary>
    public bool IsDone => _done.IsDone;

    /// <summary>Has a function called when all that was queued before <see cref="Mark"/> is done; see <see cref="IDeviceQueue.Notify"/>.</summary>
    public void Notify(Action whenDone) => _queue.Notify(whenDone);

    /// <summary>Begins a run.</summary>
    /// <param name="stream">A queue of the host; the run begins after what is in it now.</param>
    public void Begin(nint? stream)
    {
        _hosts = null;
        if (stream is { } handle)
        {
            _hosts = HostsQueue(handle);
            _queue.WaitFor(_hosts);
        }

        if (_hasChecks)
        {
            _queue.CopyToDevice(_status, _words, sizeof(long));
        }
    }

    /// <summary>All of the run is queued: the host's queue goes on after it.</summary>
    public void Mark()
    {
        _queue.Record(_done);
        _hosts?.WaitFor(_queue);
        _hosts = null;
    }

    /// <summary>Waits until all is done.</summary>
    /// <returns>Index of the first step whose check failed and 1 + the message's number, or (-1, 0).</returns>
    public (int Step, int Result) End()
    {
        if (_hasChecks)
        {
            _queue.CopyToHost(_words + 1, _status, sizeof(long));
        }

        _transfers.Synchronise();
        _queue.Synchronise();
        return !_hasChecks || _words[1] == NoFailure ? (-1, 0) : ((int)(_words[1] >> 32), (int)_words[1]);
    }

    /// <summary>Waits for what is queued.</summary>
    public void Finish() => _queue.Synchronise();

    /// <summary>Waits for what is under way, whatever becomes of it: memory is about to be used for something else.</summary>
    public void Settle()
    {
        try
        {
            _transfers.Synchronise();
            _queue.Synchronise();
        }
        catch (DlcRuntimeException)
        {
            // The run has failed with an exception of its own.
        }
    }

    /// <summary>Waits until all is done that was queued, in the middle of a run: memory is about to be moved.</summary>
    public void Quiesce()
    {
        _transfers.Synchronise();
        _queue.Synchronise();
        _transferIsPending = false;
    }

    public void Upload(byte* to, byte* from, long bytes)
    {
        if (bytes > 0)
        {
            _queue.CopyToDevice((nint)to, from, bytes);
        }
    }

    public void Download(byte* to, byte* from, long bytes)
    {
        if (bytes > 0)
        {
            _queue.CopyToHost(to, (nint)from, bytes);
        }
    }

    public void Copy(byte* to, byte* from, long bytes)
    {
        if (bytes > 0)
        {
            _queue.Copy((nint)to, (nint)from, bytes);
        }
    }

    /// <summary>Reads a few bytes now.</summary>
    public long Read(byte* address, int bytes)
    {
        _words[2] = 0;
        _queue.CopyToHost(_words + 2, (nint)address, bytes);
        _queue.Synchronise();
        return _words[2];
    }

    /// <summary>Writes a few bytes after what is queued.</summary>
    public void Write(byte* address, long value, int bytes)
    {
        _queue.CopyToDevice((nint)address, &value, bytes);
    }

    /// <summary>Copies out of the arena, or back, beside the kernels.</summary>
    public void Offload(byte* outside, byte* inside, long bytes)
    {
        _transfers.WaitFor(_queue);
        _transfers.CopyToHost(outside, (nint)inside, bytes);
        _transferIsPending = true;
    }

    /// <inheritdoc cref="Offload"/>
    public void Reload(byte* inside, byte* outside, long bytes)
    {
        _transfers.WaitFor(_queue);
        _transfers.CopyToDevice((nint)inside, outside, bytes);
        _queue.WaitFor(_transfers);
        _transferIsPending = false;
    }

    /// <summary>What is queued from now on comes after all transfers: places in the arena get new owners, or the run ends.</summary>
    public void JoinTransfers()
    {
        if (_transferIsPending)
        {
            _queue.WaitFor(_transfers);
            _transferIsPending = false;
        }
    }

    /// <summary>Queues a launch.</summary>
    public void Launch(PreparedLaunch launch, in LaunchShape shape, ValueTable table)
    {
        var gpu = launch.Variants[shape.Variant].Gpu!;
        int count = 0;
        foreach (int value in launch.Buffers)
        {
            _arguments[count++] = (long)table.Addresses[value];
        }

        foreach (int slot in launch.Variants[shape.Variant].Dims ?? launch.Dims)
        {
            _arguments[count++] = table.Slots[slot];
        }

        if (launch.Variants[shape.Variant].ScratchSlot >= 0)
        {
            _arguments[count++] = (long)table.Scratch[launch.Index];
            _arguments[count++] = shape.ScratchStride;
        }

        if (launch.Messages.Length > 0)
        {
            _arguments[count++] = _status;
            _arguments[count++] = launch.Index;
        }

        nint kernel = Model.Kernel(launch, shape.Variant);
        _queue.Launch(kernel, gpu.Blocks(shape.Extent), gpu.BlockThreads, gpu.SharedBytes, _arguments.AsSpan(0, count));
    }

    public void Dispose()
    {
        Settle();
        Graphs.Dispose();
        _lastHosts?.Queue.Dispose();
        _done.Dispose();
        _transfers.Dispose();
        _queue.Dispose();
        Model.Device.Free(_status);
        Model.Device.FreeHost(_words);
    }

    private IDeviceQueue HostsQueue(nint handle)
    {
        if (_lastHosts is { } last)
        {
            if (last.Handle == handle)
            {
                return last.Queue;
            }

            last.Queue.Dispose();
            _lastHosts = null;
        }

        var queue = Model.Device.WrapQueue(handle);
        _lastHosts = (handle, queue);
        return queue;
    }
}
