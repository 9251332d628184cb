using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dlc.Runtime.Cpu;

/// <summary>
/// Worker threads that spin while an inference runs and sleep between inferences. The caller of a launch works too, and waits only for
/// workers that took part: one that the system does not schedule holds nobody up. One inference uses the pool at a time.
/// </summary>
internal sealed unsafe class WorkerPool : IDisposable
{
    // The job word: number of the job in the upper half, Closed, and how many workers are at it.
    private const long Closed = 1L << 31;
    private const long ActiveMask = Closed - 1;

    // Yields the processor now and then to others when nothing comes: on a loaded machine a spinning thread keeps a working one away.
    private const int SpinsPerYield = 1024;

    private readonly Shared* _shared;
    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private readonly long _idleTicks;
    private int _leased;
    private int _sleeping;
    private bool _stop;
    private int _disposed;

    /// <summary>Starts <paramref name="threads"/> - 1 workers.</summary>
    /// <param name="threads">Threads that work at a launch, the caller among them; at least 1.</param>
    /// <param name="idleSpin">How long a worker spins after an inference before it sleeps.</param>
    public WorkerPool(int threads, TimeSpan idleSpin)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _idleTicks = (long)(idleSpin.TotalSeconds * Stopwatch.Frequency);
        _shared = (Shared*)NativeMemory.AlignedAlloc((nuint)sizeof(Shared), 128);
        *_shared = default;
        _shared->Job = Closed;
        _threads = new Thread[threads - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int index = i + 1;
            _threads[i] = new Thread(() => Serve(index), 256 * 1024) { IsBackground = true, Name = $"dlc worker {index}" };
            _threads[i].Start();
        }
    }

    /// <summary>Threads that can work at a launch, the caller among them.</summary>
    public int Threads { get; }

    /// <summary>Takes the pool for one inference; false when another one has it (the caller then works alone).</summary>
    public bool TryAcquire() => _threads.Length > 0 && Interlocked.CompareExchange(ref _leased, 1, 0) == 0;

    /// <summary>Gives the pool back; workers go to sleep soon.</summary>
    public void Release()
    {
        Volatile.Write(ref _shared->Wanted, 0);
        Volatile.Write(ref _leased, 0);
    }

    /// <summary>Runs one launch on the caller and the workers. The pool is held by the caller.</summary>
    /// <returns>0, or what a failed range returned.</returns>
    public int Run(in KernelCall call)
    {
        var shared = _shared;
        shared->Call = call;
        shared->Failure = 0;
        shared->Next = 0;
        long job = (shared->Job & ~(Closed | ActiveMask)) + (1L << 32);

        // Full fences on both sides: either a worker that goes to sleep sees that it is wanted, or it is seen sleeping.
        Interlocked.Exchange(ref shared->Job, job);
        if (Volatile.Read(ref shared->Wanted) == 0)
        {
            Interlocked.Exchange(ref shared->Wanted, 1);
            if (Volatile.Read(ref _sleeping) > 0)
            {
                Wake();
            }
        }

        Work(shared, 0);
        Interlocked.Or(ref shared->Job, Closed);
        for (int spins = 1; (Volatile.Read(ref shared->Job) & ActiveMask) != 0; spins++)
        {
            Pause(spins);
        }

        return shared->Failure;
    }

    /// <summary>Stops the workers. No inference may hold the pool.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        lock (_gate)
        {
            Volatile.Write(ref _stop, true);
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }

        NativeMemory.AlignedFree(_shared);
    }

    private static void Work(Shared* shared, int index)
    {
        ref readonly KernelCall call = ref shared->Call;
        byte* scratch = call.Scratch + (index * call.ScratchStride);
        while (Volatile.Read(ref shared->Failure) == 0)
        {
            long begin = Interlocked.Add(ref shared->Next, call.Chunk) - call.Chunk;
            if (begin >= call.Extent)
            {
                break;
            }

            int result = call.Entry(call.Buffers, call.Dims, scratch, begin, Math.Min(call.Extent, begin + call.Chunk));
            if (result != 0)
            {
                Interlocked.CompareExchange(ref shared->Failure, result, 0);
            }
        }
    }

    private static void Pause(int spins)
    {
        if (spins % SpinsPerYield == 0)
        {
            Thread.Yield();
        }
        else if (X86Base.IsSupported)
        {
            X86Base.Pause();
        }
        else
        {
            Thread.SpinWait(1);
        }
    }

    private void Serve(int index)
    {
        var shared = _shared;
        long seen = 0;
        int spins = 1;
        long idleSince = 0;
        while (!Volatile.Read(ref _stop))
        {
            long job = Volatile.Read(ref shared->Job);
            if ((job & Closed) == 0 && job >> 32 != seen)
            {
                if (Interlocked.CompareExchange(ref shared->Job, job + 1, job) == job)
                {
                    seen = job >> 32;
                    Work(shared, index);
                    Interlocked.Decrement(ref shared->Job);
                    spins = 1;
                    idleSince = 0;
                }

                continue;
            }

            Pause(spins++);
            if (spins % 64 != 0 || Volatile.Read(ref shared->Wanted) != 0)
            {
                continue;
            }

            long now = Stopwatch.GetTimestamp();
            idleSince = idleSince == 0 ? now : idleSince;
            if (now - idleSince >= _idleTicks)
            {
                Sleep();
                idleSince = 0;
                spins = 1;
            }
        }
    }

    private void Sleep()
    {
        lock (_gate)
        {
            Interlocked.Increment(ref _sleeping);
            while (Volatile.Read(ref _shared->Wanted) == 0 && !_stop)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _sleeping);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>What the threads share, each contended word on cache lines of its own (two, as the prefetcher takes them in pairs).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 640)]
    private struct Shared
    {
        [FieldOffset(0)]
        public long Job;

        [FieldOffset(128)]
        public long Next;

        [FieldOffset(256)]
        public int Failure;

        [FieldOffset(384)]
        public int Wanted;

        [FieldOffset(512)]
        public KernelCall Call;
    }
}
