namespace Dlc.Tests.Gpu;

/// <summary>
/// What is taken down while a queue captures: a line of work for it, and one for each queue that came to wait for a queue of the capture. As with a driver all
/// lines have to join the first again. Of other lines only what is waited for is done, as late as can be, so that a missing wait shows.
/// </summary>
internal sealed class PtxCapture(PtxQueue origin)
{
    private readonly Dictionary<PtxQueue, List<(Action? Work, PtxQueue? Other, int Position)>> _lines = new() { [origin] = [] };

    internal IEnumerable<PtxQueue> Queues => _lines.Keys;

    internal void Add(PtxQueue queue, Action work) => _lines[queue].Add((work, null, 0));

    /// <summary>What one queue does from now on comes after what the other was given so far.</summary>
    internal void Wait(PtxQueue queue, PtxQueue other)
    {
        _lines.TryAdd(queue, []);
        _lines[queue].Add((null, other, _lines[other].Count));
    }

    internal void RequireJoined()
    {
        var done = Walk(_ => { });
        if (_lines.Any(l => done[l.Key] < l.Value.Count))
        {
            throw new InvalidOperationException("a queue that was forked while another captured has not been joined to it");
        }
    }

    internal void Run() => Walk(work => work());

    private Dictionary<PtxQueue, int> Walk(Action<Action> visit)
    {
        var done = _lines.Keys.ToDictionary(q => q, _ => 0);
        void Until(PtxQueue queue, int position)
        {
            while (done[queue] < position)
            {
                var (work, other, before) = _lines[queue][done[queue]++];
                if (other is null)
                {
                    visit(work!);
                }
                else
                {
                    Until(other, before);
                }
            }
        }

        Until(origin, _lines[origin].Count);
        return done;
    }
}
