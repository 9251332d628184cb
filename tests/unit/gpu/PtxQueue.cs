using Dlc.Runtime.Device;

namespace Dlc.Tests.Gpu;

/// <summary>A queue of a <see cref="PtxDevice"/>: a list of what is to be done when it is waited for.</summary>
/// <param name="device">Whose memory and kernels it uses.</param>
/// <param name="wrapped">The queue that this is another face of.</param>
internal sealed unsafe class PtxQueue(PtxDevice device, PtxQueue? wrapped = null) : IDeviceQueue
{
    private readonly Queue<Action> _pending = [];
    private List<Action>? _captured;
    private long _queued;

    /// <summary>Pieces of work done so far.</summary>
    internal long Done { get; private set; }

    private PtxQueue Target => wrapped ?? this;

    public void CopyToDevice(nint to, void* from, long bytes)
    {
        device.RequireNoCapture();
        var source = (nint)from;
        if (device.IsPinned(from))
        {
            Target.Add(() => device.Memory.CopyIn((ulong)to, new ReadOnlySpan<byte>((void*)source, (int)bytes)));
        }
        else
        {
            var copy = new ReadOnlySpan<byte>(from, (int)bytes).ToArray();
            Target.Add(() => device.Memory.CopyIn<byte>((ulong)to, copy));
        }
    }

    public void CopyToHost(void* to, nint from, long bytes)
    {
        device.RequireNoCapture();
        var target = (nint)to;
        Target.Add(() => device.Memory.CopyOut((ulong)from, new Span<byte>((void*)target, (int)bytes), allowUnwritten: true));
    }

    public bool BeginCapture()
    {
        device.Graphs.Add("capture");
        if (!device.CanCapture)
        {
            return false;
        }

        device.CapturingThread = Environment.CurrentManagedThreadId;
        _captured = [];
        return true;
    }

    public IDisposable? EndCapture()
    {
        device.CapturingThread = -1;
        var graph = new PtxGraph(device, _captured!);
        _captured = null;
        return device.CapturesFail ? null : graph;
    }

    public void Replay(IDisposable graph)
    {
        device.RequireNoCapture();
        device.Graphs.Add("replay");
        foreach (var work in ((PtxGraph)graph).Work)
        {
            Add(work);
        }
    }

    public void Copy(nint to, nint from, long bytes) => Target.Add(() =>
    {
        var copy = new byte[bytes];
        device.Memory.CopyOut<byte>((ulong)from, copy, allowUnwritten: true);
        device.Memory.CopyIn<byte>((ulong)to, copy);
    });

    public void Launch(nint kernel, long blocks, int threads, int sharedBytes, ReadOnlySpan<long> arguments)
    {
        var copy = arguments.ToArray();
        Target.Add(() => device.Run(kernel, blocks, threads, sharedBytes, copy));
    }

    public void WaitFor(IDeviceQueue other)
    {
        device.RequireNoCapture();
        lock (device.Lock)
        {
            var queue = ((PtxQueue)other).Target;
            var position = queue._queued;
            Target.Add(() => queue.DoUntil(position));
        }
    }

    public void Record(IDeviceEvent mark)
    {
        device.RequireNoCapture();
        lock (device.Lock)
        {
            var known = (PtxEvent)mark;
            known.Queue = Target;
            known.Position = Target._queued;
        }
    }

    public void Synchronise()
    {
        device.RequireNoCapture();
        Target.DoUntil(long.MaxValue);
    }

    public void Dispose()
    {
    }

    /// <summary>Queues any work, as other libraries do.</summary>
    internal void Add(Action work)
    {
        if (_captured is not null)
        {
            _captured.Add(work);
            return;
        }

        lock (device.Lock)
        {
            _pending.Enqueue(work);
            _queued++;
        }
    }

    private void DoUntil(long position)
    {
        lock (device.Lock)
        {
            while (Done < position && _pending.TryDequeue(out var work))
            {
                Done++;
                work();
            }
        }
    }
}
