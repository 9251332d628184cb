using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Text;
using Dlc.Ptx;
using Dlc.Runtime.Device;

namespace Dlc.Tests.Gpu;

/// <summary>
/// A device of the runtime that interprets PTX. Queues do nothing until somebody waits for them, or for a queue that waits for them: what relies on work being
/// done early, or on memory that was given up, fails.
/// </summary>
internal sealed unsafe class PtxDevice(int capability = 90) : IDevice
{
    private readonly List<(PtxModule Module, string Entry)> _kernels = [];
    private readonly Dictionary<nint, long> _allocated = [];
    private readonly Dictionary<nint, long> _pinned = [];
    private readonly Dictionary<nint, PtxQueue> _hosts = [];
    private readonly ConcurrentQueue<Action> _later = [];
    private readonly Lock _lock = new();
    private volatile int _callingThread = -1;

    public string Name => "PTX interpreter";

    public int Capability => capability;

    internal PtxMemory Memory { get; } = new();

    /// <summary>Bytes allocated now, and the most there ever were.</summary>
    internal long Allocated => _allocated.Values.Sum();

    internal long HighWater { get; private set; }

    internal int Launches { get; private set; }

    /// <summary>Whether queues capture at all, and whether that comes to something.</summary>
    internal bool CanCapture { get; init; } = true;

    internal bool CapturesFail { get; init; }

    /// <summary>What happened to graphs, in order: "capture", "replay", "drop".</summary>
    internal List<string> Graphs { get; } = [];

    /// <summary>Graphs that were made and not dropped, now and at most.</summary>
    internal int GraphsAlive { get; set; }

    internal int MostGraphs { get; set; }

    /// <summary>Thread that captures now; as with a driver it may neither allocate nor wait then.</summary>
    internal int CapturingThread { get; set; } = -1;

    /// <summary>Whether the device's own threads do nothing before <see cref="GoOn"/>.</summary>
    internal bool IsHeld { get; init; }

    /// <summary>Called before each kernel.</summary>
    internal Action? BeforeKernel { get; set; }

    internal long HostAllocations { get; private set; }

    public nint Allocate(long bytes)
    {
        RequireIdle();
        lock (_lock)
        {
            nint address = (nint)Memory.Allocate(bytes);
            _allocated.Add(address, bytes);
            HighWater = Math.Max(HighWater, Allocated);
            return address;
        }
    }

    public void Free(nint address)
    {
        RequireIdle();
        lock (_lock)
        {
            _allocated.Remove(address);
            Memory.Free((ulong)address);
        }
    }

    public void* AllocateHost(long bytes)
    {
        RequireIdle();
        lock (_lock)
        {
            HostAllocations += bytes;
            var address = NativeMemory.AllocZeroed((nuint)Math.Max(1, bytes));
            _pinned.Add((nint)address, bytes);
            return address;
        }
    }

    public void FreeHost(void* address)
    {
        RequireIdle();
        lock (_lock)
        {
            _pinned.Remove((nint)address);
            NativeMemory.Free(address);
        }
    }

    public nint LoadKernel(ReadOnlySpan<byte> code, string entry, int sharedBytes)
    {
        RequireIdle();
        lock (_lock)
        {
            _kernels.Add((PtxModule.Parse(Encoding.UTF8.GetString(code[..^1])), entry));
            return _kernels.Count;
        }
    }

    public IDeviceQueue CreateQueue() => new PtxQueue(this);

    public IDeviceQueue WrapQueue(nint handle) => new PtxQueue(this, HostQueue(handle));

    public IDeviceEvent CreateEvent() => new PtxEvent(_lock);

    public void Dispose() => Memory.Dispose();

    /// <summary>The queue of a host whose handle is a number.</summary>
    internal PtxQueue HostQueue(nint handle)
    {
        lock (_lock)
        {
            return _hosts.TryGetValue(handle, out var queue) ? queue : _hosts[handle] = new PtxQueue(this);
        }
    }

    internal Lock Lock => _lock;

    /// <summary>Whether transfers read and write the host's memory when they are done, and not when they are queued.</summary>
    internal bool IsPinned(void* address) => _pinned.Any(p => (nint)address >= p.Key && (nint)address < p.Key + p.Value);

    internal void RequireIdle()
    {
        if (CapturingThread == Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException("not while this thread captures");
        }

        if (_callingThread == Environment.CurrentManagedThreadId)
        {
            throw new InvalidOperationException("not from a call of the device");
        }
    }

    /// <summary>Runs a function that may not call the device.</summary>
    internal void CallBack(Action whenDone)
    {
        _callingThread = Environment.CurrentManagedThreadId;
        whenDone();
        _callingThread = -1;
    }

    /// <summary>Does work on a thread of the device.</summary>
    internal void Later(Action work)
    {
        if (IsHeld)
        {
            _later.Enqueue(work);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(static w => w(), work, preferLocal: false);
        }
    }

    /// <summary>Does what was held.</summary>
    internal int GoOn()
    {
        var count = 0;
        for (; _later.TryDequeue(out var work); count++)
        {
            work();
        }

        return count;
    }

    internal void Run(nint kernel, long blocks, int threads, int sharedBytes, ReadOnlySpan<long> arguments)
    {
        var (module, entry) = _kernels[(int)kernel - 1];
        var values = new PtxArgument[arguments.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = arguments[i];
        }

        BeforeKernel?.Invoke();
        Launches++;
        module.Launch(entry, Memory, new Dim3((int)blocks), new Dim3(threads), sharedBytes, values);
    }
}
