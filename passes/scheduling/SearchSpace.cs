namespace Dlc.Passes.Scheduling;

/// <summary>
/// Moves between sets of done steps. After each move, what is safe to do at once is done: a step, or a chain of steps of which each one waits
/// only for the one before, that leaves no more live bytes than there were and rises no higher than a peak that is there anyway. As live bytes are
/// submodular, every continuation is at least as good after such a chain as before it, so nothing is lost.
/// </summary>
internal sealed class SearchSpace
{
    /// <summary>Longest chain that is looked ahead.</summary>
    private const int MaximumChain = 24;

    private readonly SizedProblem _problem;
    private readonly ProblemShape _shape;
    private readonly long _floor;
    private readonly SearchBudget _budget;
    private readonly ulong[] _names;
    private readonly int[] _position;

    // The state being built.
    private readonly DoneSteps _done;
    private readonly List<int> _ready = [];
    private readonly List<int> _steps = [];
    private readonly List<int> _chain = [];
    private readonly List<int> _enabled = [];
    private ulong _hash;
    private long _live;
    private long _peak;

    /// <param name="problem">The problem.</param>
    /// <param name="floor">A peak that no order avoids, or that is good enough.</param>
    /// <param name="budget">What evaluations are taken from.</param>
    /// <param name="preference">Decides between steps that are equally good: a step that comes earlier in this order is tried earlier.</param>
    public SearchSpace(SizedProblem problem, long floor, SearchBudget budget, ReadOnlySpan<int> preference)
    {
        _problem = problem;
        _shape = problem.Shape;
        _floor = floor;
        _budget = budget;
        _done = new DoneSteps(problem, budget);
        _names = new ulong[problem.Count];
        _position = new int[problem.Count];
        for (var i = 0; i < preference.Length; i++)
        {
            _position[preference[i]] = i;
        }

        for (var s = 0; s < _names.Length; s++)
        {
            _names[s] = Mix((ulong)s + 1);
        }
    }

    /// <summary>Nothing done, but for what is safe.</summary>
    public SearchState Start()
    {
        _done.Clear();
        _ready.Clear();
        _steps.Clear();
        _hash = 0;
        _live = 0;
        for (var b = 0; b < _shape.Buffers.Length; b++)
        {
            _live += _shape.Buffers[b].IsLiveIn ? _problem.Sizes[b] : 0;
        }

        _peak = _live;
        for (var s = 0; s < _problem.Count; s++)
        {
            if (_shape.Before[s].Length == 0)
            {
                InsertReady(s);
            }
        }

        RunSafe();
        return Result(null, 0);
    }

    /// <summary>The state after a ready step and what is safe then; null where the peak reaches a bound.</summary>
    public SearchState? Move(SearchState from, int step, long bound)
    {
        _budget.Spend(1 + ((_done.Words.Length + from.Ready.Length) / 4));
        _done.Set(from.Done);
        _ready.Clear();
        _ready.AddRange(from.Ready);
        _steps.Clear();
        (_hash, _live, _peak) = (from.Hash, from.Live, from.Peak);
        var (net, rise) = _done.Measure(step);
        if (Math.Max(_peak, _live + Math.Max(net, rise)) >= bound)
        {
            return null;
        }

        Run(step, net, rise);
        RunSafe();
        return Result(from, from.Count);
    }

    /// <summary>At most so many of the ready steps of a state: those that add the fewest live bytes.</summary>
    public int[] Cheapest(SearchState state, int most)
    {
        if (state.Ready.Length <= most)
        {
            return state.Ready;
        }

        _done.Set(state.Done);
        var keys = new (long Net, long Rise, int Index)[state.Ready.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            var (net, rise) = _done.Measure(state.Ready[i]);
            keys[i] = (net, rise, i);
        }

        Array.Sort(keys);
        var cheapest = new int[most];
        for (var i = 0; i < most; i++)
        {
            cheapest[i] = state.Ready[keys[i].Index];
        }

        return cheapest;
    }

    private SearchState Result(SearchState? parent, int count) =>
        new(parent, [.. _steps], [.. _done.Words], [.. _ready], count + _steps.Count, _hash, _live, _peak);

    private void RunSafe()
    {
        var isChanged = true;
        while (isChanged)
        {
            isChanged = false;
            for (var i = 0; i < _ready.Count; i++)
            {
                while (i < _ready.Count && RunSafeChain(_ready[i]))
                {
                    isChanged = true;
                }
            }
        }
    }

    /// <summary>Runs the chain that begins with a ready step, up to where it no longer costs anything; false (and nothing done) if it always does.</summary>
    private bool RunSafeChain(int first)
    {
        var limit = Math.Max(_peak, _floor);
        var live = _live;
        _chain.Clear();
        var step = first;
        while (true)
        {
            var (net, rise) = _done.Measure(step);
            if (live + rise > limit || live + net > limit)
            {
                break;
            }

            _chain.Add(step);
            _done.Add(step);
            live += net;
            if (live <= _live)
            {
                foreach (var done in _chain)
                {
                    Commit(done);
                }

                // Only now is the peak known to be reached on this way.
                _live = live;
                return true;
            }

            step = _chain.Count < MaximumChain ? CheapestEnabled(step) : -1;
            if (step < 0)
            {
                break;
            }
        }

        foreach (var done in _chain)
        {
            _done.Remove(done);
        }

        return false;
    }

    /// <summary>The step with the smallest net effect among those that waited for the given one alone.</summary>
    private int CheapestEnabled(int step)
    {
        var (best, least) = (-1, long.MaxValue);
        foreach (var next in _shape.After[step])
        {
            if (_done.IsEnabled(next))
            {
                var (net, _) = _done.Measure(next);
                if (net < least)
                {
                    (best, least) = (next, net);
                }
            }
        }

        return best;
    }

    private void Run(int step, long net, long rise)
    {
        _done.Add(step);
        Commit(step);
        _peak = Math.Max(_peak, _live + Math.Max(net, rise));
        _live += net;
    }

    private void Commit(int step)
    {
        _steps.Add(step);
        _hash ^= _names[step];
        _ready.Remove(step);
        _enabled.Clear();
        foreach (var next in _shape.After[step])
        {
            if (_done.IsEnabled(next))
            {
                _enabled.Add(next);
            }
        }

        foreach (var next in _enabled)
        {
            InsertReady(next);
        }
    }

    private void InsertReady(int step)
    {
        var at = _ready.Count;
        while (at > 0 && _position[_ready[at - 1]] >= _position[step])
        {
            if (_ready[at - 1] == step)
            {
                return;
            }

            at--;
        }

        _ready.Insert(at, step);
    }

    /// <summary>Scatters the bits of a number (splitmix64).</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
}
