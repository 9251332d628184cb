using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Plans of one signature, from the one that does nothing twice to the one that needs least memory: each costs more time than the one before
/// and fits into fewer bytes. It does not depend on a limit, so a higher limit is never answered with a slower plan. Safe for one thread at a time.
/// </summary>
internal sealed class PlanLadder(StepTopology topology, StepNumbers numbers, IReadOnlyList<PlanRung> rungs)
{
    private readonly ActionPlan?[] _plans = new ActionPlan?[rungs.Count];
    private readonly (long Bytes, long[] Offsets)?[] _arenas = new (long, long[])?[rungs.Count];
    private readonly PlanSimulator _simulator = new(topology, numbers);

    /// <summary>Number of plans.</summary>
    public int Count => rungs.Count;

    /// <summary>All of them.</summary>
    public IReadOnlyList<ActionPlan> Plans => [.. Enumerable.Range(0, Count).Select(PlanAt)];

    /// <summary>One of them, made when it is first asked for.</summary>
    public ActionPlan PlanAt(int index)
    {
        if (_plans[index] is { } known)
        {
            return known;
        }

        _simulator.Run(rungs[index].Modes);
        return _plans[index] = _simulator.ToPlan();
    }

    /// <summary>The fastest plan whose arena has at most this many bytes; negative where none has.</summary>
    public int Choose(long limit)
    {
        for (var i = 0; i < rungs.Count; i++)
        {
            if (rungs[i].LowerBound <= limit && ArenaBytes(i) <= limit)
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
            for (var i = rungs.Count - 1; i >= 0; i--)
            {
                if (rungs[i].LowerBound < least)
                {
                    least = Math.Min(least, ArenaBytes(i));
                }
            }

            return least;
        }
    }

    /// <summary>Bytes of the arena of a plan.</summary>
    public long ArenaBytes(int plan) => ArenaOf(plan).Bytes;

    /// <summary>By residence of a plan: where it begins in the arena.</summary>
    public long[] Offsets(int plan) => ArenaOf(plan).Offsets;

    private (long Bytes, long[] Offsets) ArenaOf(int plan)
    {
        if (_arenas[plan] is { } known)
        {
            return known;
        }

        var residences = PlanAt(plan).Residences;
        var offsets = new long[residences.Length];
        var problem = new ArenaProblem
        {
            Start = [.. residences.Select(r => r.First)],
            End = [.. residences.Select(r => r.Last)],
            Bytes = [.. residences.Select(r => ArenaProblem.Round(r.Bytes))],
        };
        var bytes = ArenaPlanner.Plan(problem, offsets);
        _arenas[plan] = (bytes, offsets);
        return (bytes, offsets);
    }
}
