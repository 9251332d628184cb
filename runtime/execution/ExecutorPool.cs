namespace Dlc.Runtime.Execution;

/// <summary>The execution contexts of a session: as many as runs go on at once, some of them kept between runs. Safe from many threads.</summary>
/// <param name="make">Makes one more.</param>
/// <param name="kept">Most that are kept.</param>
internal sealed class ExecutorPool(Func<Executor> make, int kept) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<Executor> _idle = [];
    private readonly List<Executor> _all = [];
    private long _allocated;
    private long _highWater;
    private long _plansInRuns;
    private long _bytesMoved;

    /// <summary>Bytes that the contexts hold, as they stood when their last run ended.</summary>
    public long AllocatedBytes => Interlocked.Read(ref _allocated);

    /// <summary>The most they held at the end of a run.</summary>
    public long HighWaterBytes => Interlocked.Read(ref _highWater);

    /// <summary>Plans that were made in the middle of runs.</summary>
    public long PlansInRuns => Interlocked.Read(ref _plansInRuns);

    /// <summary>Bytes that such plans moved.</summary>
    public long BytesMoved => Interlocked.Read(ref _bytesMoved);

    /// <summary>The contexts that there are now.</summary>
    public Executor[] All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Gives a context to a run.</summary>
    public Executor Rent()
    {
        lock (_lock)
        {
            if (_idle.Count > 0)
            {
                var executor = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
                return executor;
            }
        }

        var made = make();
        lock (_lock)
        {
            _all.Add(made);
        }

        return made;
    }

    /// <summary>Takes it back.</summary>
    public void Return(Executor executor)
    {
        var (plans, moved) = executor.Store.TakeCounts();
        lock (_lock)
        {
            _plansInRuns += plans;
            _bytesMoved += moved;
            Account(executor);
            _highWater = Math.Max(_highWater, _allocated);
            if (_idle.Count < kept)
            {
                _idle.Add(executor);
                return;
            }

            _allocated -= executor.AccountedBytes;
            _all.Remove(executor);
        }

        executor.Dispose();
    }

    /// <summary>Frees the arenas of the contexts that are idle.</summary>
    public void FreeArenas()
    {
        lock (_lock)
        {
            foreach (var executor in _idle)
            {
                executor.Store.Shrink(0);
                Account(executor);
            }
        }
    }

    /// <summary>Frees all contexts.</summary>
    public void Dispose() => _all.ForEach(e => e.Dispose());

    private void Account(Executor executor)
    {
        long now = executor.AllocatedBytes;
        _allocated += now - executor.AccountedBytes;
        executor.AccountedBytes = now;
    }
}
