using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Plans of one signature, from the one that does nothing twice to the one that needs least memory: each costs more time than the one before
/// and fits into fewer bytes. It does not depend on a limit, so a higher limit is never answered with a slower plan; those between two rungs, or below the last,
/// are made when a limit comes to lie there. Safe for one thread at a time.
/// </summary>
internal sealed class PlanLadder
{
    // What finding places for one plan may cost: about half a millisecond.
    private const long PlaceBudget = ArenaPlanner.DefaultBudget / 8;

    private readonly Func<int, List<PlanRung>>? _between;
    private readonly PlanSimulator _simulator;
    private readonly List<Rung> _rungs = [];

    // Before each of the first rungs, and behind them: those made later, from fast to small.
    private readonly int[]?[] _made;

    /// <summary>Of plans that are there.</summary>
    /// <param name="topology">The program.</param>
    /// <param name="numbers">Its sizes.</param>
    /// <param name="rungs">The plans, from fast to small.</param>
    /// <param name="between">Makes plans between the one before a rung and the rung, in time and in memory, from fast to small, and for their number those
    /// behind the last; null for none.</param>
    public PlanLadder(StepTopology topology, StepNumbers numbers, IReadOnlyList<PlanRung> rungs, Func<int, List<PlanRung>>? between = null)
    {
        _between = between;
        _simulator = new PlanSimulator(topology, numbers);
        _rungs.AddRange(rungs.Select(r => new Rung(r)));
        _made = new int[]?[rungs.Count + 1];
    }

    /// <summary>Number of plans: first those from fast to small that were there from the start, then those made since.</summary>
    public int Count => _rungs.Count;

    /// <summary>All of them.</summary>
    public IReadOnlyList<ActionPlan> Plans => [.. Enumerable.Range(0, Count).Select(PlanAt)];

    /// <summary>One of them, made when it is first asked for.</summary>
    public ActionPlan PlanAt(int index)
    {
        var rung = _rungs[index];
        if (rung.Plan is null)
        {
            _simulator.Run(rung.What.Modes);
            rung.Plan = _simulator.ToPlan();
        }

        return rung.Plan;
    }

    /// <summary>The evictions of a plan, by gap.</summary>
    public EvictionMode[] ModesAt(int index) => _rungs[index].What.Modes;

    /// <summary>The fastest plan whose arena has at most this many bytes; negative where none has.</summary>
    public int Choose(long limit)
    {
        for (var i = 0; i < _made.Length; i++)
        {
            // What lies before a rung needs more memory than the rung.
            if (i < _made.Length - 1 && _rungs[i].What.LowerBound > limit)
            {
                continue;
            }

            foreach (var made in Before(i))
            {
                if (Fits(made, limit))
                {
                    return made;
                }
            }

            if (i < _made.Length - 1 && Fits(i, limit))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>The least limit that <see cref="Choose"/> answers.</summary>
    public long LeastBytes
    {
        get
        {
            var least = long.MaxValue;
            for (var i = _made.Length - 1; i >= 0; i--)
            {
                if (i < _made.Length - 1 && _rungs[i].What.LowerBound >= least)
                {
                    continue;
                }

                foreach (var rung in (int[])[.. Before(i), .. i < _made.Length - 1 ? [i] : Array.Empty<int>()])
                {
                    least = _rungs[rung].What.LowerBound < least ? Math.Min(least, Place(rung, 0).Bytes) : least;
                }
            }

            return least;
        }
    }

    /// <summary>Bytes of the arena of a plan: of one that was chosen for a limit as few as it was given, else the fewest that are found.</summary>
    public long ArenaBytes(int plan) => (_rungs[plan].Offsets is null ? Place(plan, 0) : _rungs[plan]).Bytes;

    /// <summary>By residence of a plan: where it begins in the arena.</summary>
    public long[] Offsets(int plan) => (_rungs[plan].Offsets is null ? Place(plan, 0) : _rungs[plan]).Offsets!;

    private bool Fits(int plan, long limit) => _rungs[plan].What.LowerBound <= limit && Place(plan, limit).Bytes <= limit;

    private int[] Before(int rung)
    {
        if (_made[rung] is { } known)
        {
            return known;
        }

        var first = _rungs.Count;
        _rungs.AddRange(rung == 0 || _between is null ? [] : _between(rung).Select(r => new Rung(r)));
        return _made[rung] = [.. Enumerable.Range(first, _rungs.Count - first)];
    }

    /// <summary>Places what a plan holds; ends as soon as that takes at most so many bytes.</summary>
    private Rung Place(int plan, long enough)
    {
        var rung = _rungs[plan];
        if (rung.Offsets is null || (rung.Bytes > enough && enough < rung.Enough))
        {
            var residences = PlanAt(plan).Residences;
            rung.Offsets = new long[residences.Length];
            var problem = new ArenaProblem
            {
                Start = [.. residences.Select(r => r.First)],
                End = [.. residences.Select(r => r.Last)],
                Bytes = [.. residences.Select(r => ArenaProblem.Round(r.Bytes))],
            };
            rung.Bytes = ArenaPlanner.Plan(problem, rung.Offsets, PlaceBudget, enough);
            rung.Enough = enough;
        }

        return rung;
    }

    /// <summary>A plan with what is known of it so far.</summary>
    private sealed class Rung(PlanRung what)
    {
        public PlanRung What { get; } = what;

        public ActionPlan? Plan { get; set; }

        public long Bytes { get; set; }

        public long[]? Offsets { get; set; }

        /// <summary>Where the search for places would have ended.</summary>
        public long Enough { get; set; }
    }
}
