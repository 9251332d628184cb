using Dlc.Runtime.Execution;

namespace Dlc.Runtime.Device;

/// <summary>
/// Launches of whole runs as the device took them down, so that a run with the same plan and addresses is one call. A run is taken down when it comes for the
/// second time; those used last are kept. Where the device can't, runs are launched as ever. Used while nothing is under way in the queue.
/// </summary>
/// <param name="queue">Where they run.</param>
/// <param name="capacity">Most runs that are known.</param>
internal sealed class DeviceGraphs(IDeviceQueue queue, int capacity) : IDisposable
{
    private readonly List<Entry> _entries = new(Math.Min(capacity, 16));
    private long _clock;
    private bool _isOff = capacity <= 0;

    /// <summary>Does a run in one call where that is possible.</summary>
    /// <param name="plan">Its plan.</param>
    /// <param name="addresses">Everything besides the plan that decides what is launched.</param>
    /// <param name="launch">Queues the run's steps.</param>
    /// <returns>False where nothing was queued: the caller does.</returns>
    public bool TryRun(SignaturePlan plan, ReadOnlySpan<nint> addresses, Action<SignaturePlan> launch)
    {
        if (_isOff)
        {
            return false;
        }

        if (Find(plan, addresses) is not { } entry)
        {
            Add(plan, addresses);
            return false;
        }

        entry.LastUse = ++_clock;
        try
        {
            if (entry.Graph is null && !Capture(entry, launch))
            {
                TurnOff();
                return false;
            }

            queue.Replay(entry.Graph!);
            return true;
        }
        catch (DlcRuntimeException)
        {
            // Whatever is wrong beyond graphs shows when the steps are launched one by one.
            TurnOff();
            return false;
        }
    }

    public void Dispose() => TurnOff();

    private bool Capture(Entry entry, Action<SignaturePlan> launch)
    {
        if (!queue.BeginCapture())
        {
            return false;
        }

        bool isWhole = false;
        try
        {
            launch(entry.Plan);
            isWhole = true;
        }
        finally
        {
            var graph = queue.EndCapture();
            if (isWhole)
            {
                entry.Graph = graph;
            }
            else
            {
                graph?.Dispose();
            }
        }

        return entry.Graph is not null;
    }

    private Entry? Find(SignaturePlan plan, ReadOnlySpan<nint> addresses)
    {
        foreach (var entry in _entries)
        {
            if (entry.Plan == plan && addresses.SequenceEqual(entry.Addresses))
            {
                return entry;
            }
        }

        return null;
    }

    private void Add(SignaturePlan plan, ReadOnlySpan<nint> addresses)
    {
        if (_entries.Count >= capacity)
        {
            var oldest = _entries.MinBy(e => e.LastUse)!;
            oldest.Graph?.Dispose();
            _entries.Remove(oldest);
        }

        _entries.Add(new Entry { Plan = plan, Addresses = addresses.ToArray(), LastUse = ++_clock });
    }

    private void TurnOff()
    {
        _isOff = true;
        foreach (var entry in _entries)
        {
            entry.Graph?.Dispose();
        }

        _entries.Clear();
    }

    private sealed class Entry
    {
        public required SignaturePlan Plan { get; init; }

        public required nint[] Addresses { get; init; }

        public IDisposable? Graph { get; set; }

        public long LastUse { get; set; }
    }
}
