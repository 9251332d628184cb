namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Improves the plans of a small program by Pareto local search: changes what becomes of one value between two uses, then of two, keeps every plan that no
/// other beats in both memory and time, and goes on from those. For large programs one step of it would cost more than planning may.
/// </summary>
internal sealed class PlanRefiner
{
    // Steps walked through in all: one to three milliseconds.
    private const int Budget = 60_000;

    private static readonly EvictionMode[] Modes =
        [EvictionMode.Keep, EvictionMode.Recompute, EvictionMode.RecomputeEachTime, EvictionMode.Offload, EvictionMode.OffloadEachTime];

    private static readonly EvictionMode[] Retained = [EvictionMode.Keep, EvictionMode.Retain];

    private readonly PlanSimulator _simulator;
    private readonly int[] _gaps;
    private readonly EvictionMode[][] _choices;
    private readonly EvictionMode[] _tried;
    private readonly List<PlanRung> _front = [];
    private readonly HashSet<PlanRung> _pending = [];
    private int _walks;

    private PlanRefiner(StepTopology topology, StepNumbers numbers, int[] gaps, int walks)
    {
        _simulator = new PlanSimulator(topology, numbers);
        _gaps = gaps;
        _walks = walks;
        _tried = new EvictionMode[topology.Gaps];
        _choices = [.. gaps.Select(g => topology.IsRetainable[g] ? Retained : Array.FindAll(Modes, m => IsWorthTrying(topology, numbers, topology.ValueOfGap(g), m)))];
    }

    /// <summary>Plans at least as good as <paramref name="rungs"/>, none better than another in both memory and time.</summary>
    public static List<PlanRung> Refine(StepTopology topology, StepNumbers numbers, List<PlanRung> rungs)
    {
        int[] gaps = [.. Enumerable.Range(0, topology.Gaps).Where(g => (topology.IsEvictable[g] || topology.IsRetainable[g]) && numbers.Bytes[topology.ValueOfGap(g)] > 0)];
        var walks = Budget / Math.Max(1, topology.Steps);
        if (gaps.Length == 0 || gaps.Length * 8 > walks)
        {
            return rungs;
        }

        var refiner = new PlanRefiner(topology, numbers, gaps, walks);
        rungs.ForEach(r => refiner.Offer(r));
        refiner.Search();
        return refiner._front;
    }

    private static bool IsWorthTrying(StepTopology topology, StepNumbers numbers, int value, EvictionMode mode)
    {
        if (mode is EvictionMode.Recompute or EvictionMode.RecomputeEachTime)
        {
            return topology.CanRecompute[value];
        }

        // A transfer that takes longer than everything again is none.
        return mode == EvictionMode.Keep || !topology.CanRecompute[value] || numbers.TransferSeconds(value) <= numbers.Seconds.Sum();
    }

    private void Search()
    {
        while (_walks > 0 && _pending.Count > 0)
        {
            // The order of the front, not that of the set: the result is the same every time.
            var from = _front.FirstOrDefault(_pending.Contains);
            if (from is null)
            {
                break;
            }

            _pending.Remove(from);
            for (var g = 0; g < _gaps.Length && _walks > 0; g++)
            {
                foreach (var mode in _choices[g])
                {
                    TryFrom(from, g, mode, -1, default);
                }
            }
        }

        // What pays only together.
        foreach (var from in _front.ToArray())
        {
            for (var g = 0; g < _gaps.Length; g++)
            {
                for (var h = 0; h < g; h++)
                {
                    foreach (var mode in _choices[g])
                    {
                        foreach (var other in _choices[h])
                        {
                            if (_walks <= 0)
                            {
                                return;
                            }

                            TryFrom(from, g, mode, h, other);
                        }
                    }
                }
            }
        }
    }

    private void TryFrom(PlanRung from, int g, EvictionMode mode, int h, EvictionMode other)
    {
        if (from.Modes[_gaps[g]] == mode || (h >= 0 && from.Modes[_gaps[h]] == other))
        {
            return;
        }

        from.Modes.CopyTo(_tried, 0);
        _tried[_gaps[g]] = mode;
        if (h >= 0)
        {
            _tried[_gaps[h]] = other;
        }

        _walks--;
        if (_simulator.Run(_tried) && !IsBeaten(_simulator.Peak, _simulator.ExtraSeconds))
        {
            Offer(new PlanRung([.. _tried], _simulator.Peak, _simulator.ExtraSeconds));
        }
    }

    private bool IsBeaten(long bytes, double seconds) => _front.Exists(r => r.LowerBound <= bytes && r.ExtraSeconds <= seconds);

    private void Offer(PlanRung rung)
    {
        if (IsBeaten(rung.LowerBound, rung.ExtraSeconds))
        {
            return;
        }

        _front.RemoveAll(r => r.LowerBound >= rung.LowerBound && r.ExtraSeconds >= rung.ExtraSeconds && (_pending.Remove(r) || true));
        var at = _front.FindIndex(r => r.ExtraSeconds > rung.ExtraSeconds);
        _front.Insert(at < 0 ? _front.Count : at, rung);
        _pending.Add(rung);
    }
}
