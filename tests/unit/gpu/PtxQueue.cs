using System.Runtime.ExceptionServices;
using Dlc.Runtime.Device;

namespace Dlc.Tests.Gpu;

/// <summary>A queue of a <see cref="PtxDevice"/>: a list of what is to be done when it is waited for.</summary>
/// <param name="device">Whose memory and kernels it uses.</param>
/// <param name="wrapped">The queue that this is another face of.</param>
internal sealed unsafe class PtxQueue(PtxDevice device, PtxQueue? wrapped = null) : IDeviceQueue
{
    private readonly Queue<Action> _pending = [];
    private PtxCapture? _capture;
    private Exception? _failure;
    private long _queued;

    /// <summary>Pieces of work done so far.</summary>
    internal long Done { get; private set; }

    private PtxQueue Target => wrapped ?? this;

    public void CopyToDevice(nint to, void* from, long bytes)
    {
        var source = (nint)from;
        if (device.IsPinned(from))
        {
            Target.Add(() => device.Memory.CopyIn((ulong)to, new ReadOnlySpan<byte>((void*)source, (int)bytes)));
        }
        else
        {
            device.RequireIdle();
            var copy = new ReadOnlySpan<byte>(from, (int)bytes).ToArray();
            Target.Add(() => device.Memory.CopyIn<byte>((ulong)to, copy));
        }
    }

    public void CopyToHost(void* to, nint from, long bytes)
    {
        var target = (nint)to;
        if (!device.IsPinned(to))
        {
            device.RequireIdle();
        }

        Target.Add(() => device.Memory.CopyOut((ulong)from, new Span<byte>((void*)target, (int)bytes), allowUnwritten: true));
    }

    public void Notify(Action whenDone)
    {
        device.RequireIdle();
        lock (device.Lock)
        {
            var isTold = false;
            void Tell()
            {
                if (!isTold)
                {
                    isTold = true;
                    device.CallBack(whenDone);
                }
            }

            Target.Add(Tell);
            var position = Target._queued;
            device.Later(() =>
            {
                try
                {
                    Target.DoUntil(position);
                }
                catch (Exception e)
                {
                    // As a driver does: it calls, and who waits is told what failed.
                    Target._failure = e;
                    Tell();
                }
            });
        }
    }

    public bool BeginCapture()
    {
        device.Graphs.Add("capture");
        if (!device.CanCapture)
        {
            return false;
        }

        device.CapturingThread = Environment.CurrentManagedThreadId;
        _capture = new PtxCapture(this);
        return true;
    }

    public IDisposable? EndCapture()
    {
        device.CapturingThread = -1;
        var capture = _capture!;
        foreach (var queue in capture.Queues)
        {
            queue._capture = null;
        }

        capture.RequireJoined();
        var graph = new PtxGraph(device, capture);
        return device.CapturesFail ? null : graph;
    }

    public void Replay(IDisposable graph)
    {
        device.RequireIdle();
        device.Graphs.Add("replay");
        Add(((PtxGraph)graph).Run);
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
        lock (device.Lock)
        {
            var queue = ((PtxQueue)other).Target;
            if (queue._capture is { } capture)
            {
                Target._capture = capture;
                capture.Wait(Target, queue);
                return;
            }

            device.RequireIdle();
            var position = queue._queued;
            Target.Add(() => queue.DoUntil(position));
        }
    }

    public void Record(IDeviceEvent mark)
    {
        device.RequireIdle();
        lock (device.Lock)
        {
            var known = (PtxEvent)mark;
            known.Queue = Target;
            known.Position = Target._queued;
        }
    }

    public void Synchronise()
    {
        device.RequireIdle();
        Target.DoUntil(long.MaxValue);
        if (Interlocked.Exchange(ref Target._failure, null) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    public void Dispose()
    {
    }

    /// <summary>Queues any work, as other libraries do.</summary>
    internal void Add(Action work)
    {
        if (_capture is not null)
        {
            _capture.Add(this, work);
            return;
        }

        device.RequireIdle();
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
