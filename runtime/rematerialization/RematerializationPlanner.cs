namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Finds out how a program can run in less memory: which values leave between their uses, and how each comes back. Plans are made in stages from the one
/// without evictions down, looking at the whole schedule; for large programs those between two stages only when they are asked for.
/// </summary>
internal sealed class RematerializationPlanner
{
    // Each plan of the ladder is this much lower than the one before.
    private const double RungRatio = 0.96;

    // The same for the stages of large programs, and for the plans between two stages.
    private const double StageRatio = 0.85;
    private const double BetweenRatio = 0.98;

    // Programs of so many steps are large.
    private const int LargeSteps = 100;

    // Plans between two stages that are made at most.
    private const int MostBetween = 12;

    // Walks in vain on the way to a stage, and to the smallest plan there is: near the end most are.
    private const int StageFailures = 3;
    private const int LastFailures = 60;

    private readonly StepTopology _topology;
    private readonly StepNumbers _numbers;
    private readonly PlanPruner _pruner;
    private readonly PlanSimulator _first;
    private readonly PlanSimulator _second;
    private readonly EvictionMode[] _start;

    // One takes what is cheapest now, which is best as long as chains are short; the other keeps chains short.
    private readonly List<(bool Spreads, List<PlanRung> Stages)> _climbs = [];
    private List<PlanRung> _rungs = [];

    private RematerializationPlanner(StepTopology topology, StepNumbers numbers)
    {
        (_topology, _numbers) = (topology, numbers);
        _pruner = new PlanPruner(topology, numbers);
        (_first, _second) = (new PlanSimulator(topology, numbers), new PlanSimulator(topology, numbers));
        _start = [.. numbers.Start?.Modes ?? new EvictionMode[topology.Gaps]];
    }

    /// <summary>All plans worth having for one signature.</summary>
    public static PlanLadder Plan(StepTopology topology, StepNumbers numbers) => new RematerializationPlanner(topology, numbers).Run();

    /// <summary>The plan without evictions.</summary>
    public static ActionPlan Plain(StepTopology topology, StepNumbers numbers)
    {
        var simulator = new PlanSimulator(topology, numbers);
        simulator.Run(new EvictionMode[topology.Gaps]);
        return simulator.ToPlan();
    }

    private PlanLadder Run()
    {
        var isLarge = _topology.Steps >= LargeSteps;
        var plans = new List<PlanRung>();
        foreach (var spreads in (ReadOnlySpan<bool>)[false, true])
        {
            var climb = new PlanClimb(_topology, _numbers, spreads, _start, _first, _second);
            var stages = new List<PlanRung> { PlanRung.Of(climb.Simulator, climb.Modes) };
            plans.Add(stages[0]);
            for (var aim = long.MaxValue; !isLarge || climb.Simulator.Peak <= aim;)
            {
                // What is behind the first aim that a climb through a large program misses is left until it is asked for.
                aim = (long)(climb.Simulator.Peak * (isLarge ? StageRatio : RungRatio));
                if (!climb.Lower(aim, isLarge ? StageFailures : LastFailures))
                {
                    break;
                }

                stages.Add(PlanRung.Of(climb.Simulator, climb.Modes));
                plans.Add(_pruner.Run(climb.Simulator, climb.Modes));
            }

            _climbs.Add((spreads, stages));
            if (stages.Count == 1)
            {
                break;
            }
        }

        if (_numbers.GoesToTheLast)
        {
            plans.Add(Least());
        }

        _rungs = PlanRefiner.Refine(_topology, _numbers, PlanRung.Envelope(plans));
        return new PlanLadder(_topology, _numbers, _rungs, isLarge ? Between : null);
    }

    /// <summary>Everything is outside whenever no step touches it.</summary>
    private PlanRung Least()
    {
        EvictionMode[] modes = [.. _start];
        for (var gap = 0; gap < modes.Length; gap++)
        {
            modes[gap] = _topology.IsEvictable[gap] && _numbers.Bytes[_topology.ValueOfGap(gap)] > 0 ? EvictionMode.OffloadEachTime : modes[gap];
        }

        return _first.Run(modes) ? PlanRung.Of(_first, modes) : new PlanRung(modes, long.MaxValue, double.PositiveInfinity);
    }

    /// <summary>Plans that are slower than the one before a rung and faster than the rung itself, and lie between them in memory; or behind the last.</summary>
    private List<PlanRung> Between(int index)
    {
        var fast = _rungs[index - 1];
        var small = index < _rungs.Count ? _rungs[index] : new PlanRung([], 0, double.PositiveInfinity);
        var plans = new List<PlanRung>();
        foreach (var (spreads, stages) in _climbs)
        {
            var start = index < _rungs.Count ? stages.FindLastIndex(s => s.LowerBound >= fast.LowerBound) : stages.Count - 1;
            var climb = new PlanClimb(_topology, _numbers, spreads, stages[Math.Max(0, start)].Modes, _first, _second);
            var (ratio, failures) = index < _rungs.Count ? (BetweenRatio, StageFailures) : (RungRatio, LastFailures);
            for (var i = 0; i < MostBetween && climb.Lower((long)(climb.Simulator.Peak * ratio), failures) && climb.Simulator.Peak > small.LowerBound; i++)
            {
                plans.Add(_pruner.Run(climb.Simulator, climb.Modes));
            }
        }

        return PlanRung.Envelope(plans.Where(p => p.LowerBound > small.LowerBound && p.LowerBound < fast.LowerBound
            && p.ExtraSeconds > fast.ExtraSeconds && p.ExtraSeconds < small.ExtraSeconds));
    }
}
