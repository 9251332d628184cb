using System.Numerics;
using System.Numerics.Tensors;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Finds out how a program can run in less memory: which values leave between their uses, and how each comes back. Starts without evictions and
/// again and again lowers the highest point, by the values that lie idle there and cost least time a byte; looks at the whole schedule ahead.
/// </summary>
/// <remarks>After BladeDISC++ (arXiv 2412.16985), which decides at each eviction point by itself; the ladder of plans is ours.</remarks>
internal sealed class RematerializationPlanner
{
    // Each plan of the ladder is this much lower than the one before.
    private const double RungRatio = 0.96;

    // A round aims at lowering the peak by a part of the first one.
    private const int PartsPerPeak = 64;
    private const int MostRounds = 600;
    private readonly StepTopology _topology;
    private readonly StepNumbers _numbers;
    private readonly PlanSimulator _simulator;
    private readonly PlanSimulator _pruned;
    private readonly RegenerationCost _cost;
    private readonly EvictionMode[] _modes;
    private readonly EvictionMode[] _tried;
    private readonly bool[] _isHopeless;
    private readonly List<Candidate> _candidates = [];
    private readonly List<Absence> _away = [];
    private readonly int[] _goneAt;

    private readonly bool _spreads;

    private RematerializationPlanner(StepTopology topology, StepNumbers numbers, bool spreads)
    {
        _spreads = spreads;
        _topology = topology;
        _numbers = numbers;
        _simulator = new PlanSimulator(topology, numbers);
        _pruned = new PlanSimulator(topology, numbers);
        _cost = new RegenerationCost(topology, numbers);
        _modes = new EvictionMode[topology.Gaps];
        _tried = new EvictionMode[topology.Gaps];
        _isHopeless = new bool[topology.Gaps];
        _goneAt = new int[topology.Values];
    }

    /// <summary>All plans worth having for one signature.</summary>
    public static PlanLadder Plan(StepTopology topology, StepNumbers numbers)
    {
        // One takes what is cheapest now, which is best as long as chains are short; the other keeps chains short.
        var plans = new RematerializationPlanner(topology, numbers, spreads: false).Climb();
        if (plans.Count > 1)
        {
            plans.AddRange(new RematerializationPlanner(topology, numbers, spreads: true).Climb());
        }

        return new PlanLadder(topology, numbers, PlanRefiner.Refine(topology, numbers, Envelope(plans)));
    }

    /// <summary>The plan without evictions.</summary>
    public static ActionPlan Plain(StepTopology topology, StepNumbers numbers)
    {
        var simulator = new PlanSimulator(topology, numbers);
        simulator.Run(new EvictionMode[topology.Gaps]);
        return simulator.ToPlan();
    }

    private List<PlanRung> Climb()
    {
        _simulator.Run(_modes);
        var plans = new List<PlanRung> { RungOf(_simulator, _modes) };
        var first = _simulator.Peak;
        var rung = (long)(first * RungRatio);
        for (var round = 0; round < MostRounds && Lower(Math.Max(1, first / PartsPerPeak)); round++)
        {
            if (_simulator.Peak <= rung)
            {
                plans.Add(Prune());
                rung = (long)(_simulator.Peak * RungRatio);
            }
        }

        if (_simulator.Peak < plans[^1].LowerBound)
        {
            plans.Add(Prune());
        }

        return plans;
    }

    /// <summary>Only plans that are faster than all that need as little memory.</summary>
    private static List<PlanRung> Envelope(List<PlanRung> plans)
    {
        var ordered = plans.OrderBy(p => p.LowerBound).ThenBy(p => p.ExtraSeconds).ToList();
        var result = new List<PlanRung>();
        var fastest = double.PositiveInfinity;
        foreach (var plan in ordered)
        {
            if (plan.ExtraSeconds < fastest)
            {
                result.Add(plan);
                fastest = plan.ExtraSeconds;
            }
        }

        result.Reverse();
        return result;
    }

    /// <summary>One round: evicts at the highest point. False when nothing there can leave. The simulator is left at the accepted evictions.</summary>
    private bool Lower(long aim)
    {
        while (true)
        {
            var before = _simulator.Peak;
            FindCandidates();
            if (_candidates.Count == 0)
            {
                return false;
            }

            _modes.CopyTo(_tried, 0);
            var count = 0;
            for (long bytes = 0; count < _candidates.Count && bytes < aim; count++)
            {
                bytes += _numbers.Bytes[_candidates[count].Value];
                _modes[_candidates[count].Gap] = _candidates[count].Mode;
            }

            if (_simulator.Run(_modes) && _simulator.Peak <= before)
            {
                return true;
            }

            _tried.CopyTo(_modes, 0);
            if (count > 1)
            {
                _modes[_candidates[0].Gap] = _candidates[0].Mode;
                if (_simulator.Run(_modes) && _simulator.Peak <= before)
                {
                    return true;
                }

                _tried.CopyTo(_modes, 0);
            }

            // What comes back for it needs more room than it leaves.
            _isHopeless[_candidates[0].Gap] = true;
            _simulator.Run(_modes);
        }
    }

    /// <summary>The values that lie idle at the highest point, cheapest a byte first.</summary>
    private void FindCandidates()
    {
        _candidates.Clear();
        var peak = _simulator.PeakAction;
        var action = _simulator.Actions[peak];
        var there = new int[_simulator.ResidenceCount];
        Array.Fill(there, -1);
        foreach (var placement in _simulator.Placements)
        {
            if (placement.Action > peak)
            {
                break;
            }

            there[placement.Residence] = placement.Value;
        }

        for (var r = 0; r < there.Length; r++)
        {
            var residence = _simulator.ResidenceAt(r);
            if (there[r] >= 0 && residence.First < peak && residence.Last > peak && residence.Bytes > 0)
            {
                Consider(there[r], action);
            }
        }

        _candidates.Sort((a, b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : a.Gap.CompareTo(b.Gap));
    }

    private void Consider(int value, PlanAction action)
    {
        var touched = action.Kind is ActionKind.Offload or ActionKind.Reload
            ? action.Subject == value
            : Array.IndexOf(_topology.Reads[action.Subject], value) >= 0 || Array.IndexOf(_topology.Writes[action.Subject], value) >= 0;
        var next = _topology.NextTouch(value, action.Serves);
        if (touched || next == 0 || next == _topology.Touches[value].Length)
        {
            return;
        }

        // An action for step k happens before k, except a save.
        if (_topology.Touches[value][next] == action.Serves && action.Kind is ActionKind.Launch or ActionKind.Offload)
        {
            next++;
            if (next == _topology.Touches[value].Length)
            {
                return;
            }
        }

        var gap = _topology.GapAfter(value, next - 1);
        if (!_topology.IsEvictable[gap] || _isHopeless[gap])
        {
            return;
        }

        var back = Math.Min(_topology.Touches[value][next], _topology.Steps);
        var transfer = _numbers.TransferSeconds(value);
        var again = _modes[gap] is EvictionMode.Offload ? double.PositiveInfinity
            : _spreads ? _cost.OfNeighbourhood(value, back, _modes) : _cost.Of(value, back, _modes);
        var (mode, seconds) = _modes[gap] switch
        {
            EvictionMode.Keep => Cheaper(EvictionMode.Recompute, again, EvictionMode.Offload, 2 * transfer),
            EvictionMode.Recompute => Cheaper(EvictionMode.RecomputeEachTime, again, EvictionMode.Offload, 2 * transfer),
            EvictionMode.Offload => (EvictionMode.OffloadEachTime, transfer),
            EvictionMode.RecomputeEachTime when 2 * transfer < again => (EvictionMode.Offload, 2 * transfer),
            _ => (EvictionMode.Keep, double.PositiveInfinity),
        };
        if (!double.IsPositiveInfinity(seconds))
        {
            _candidates.Add(new Candidate(value, gap, mode, seconds / _numbers.Bytes[value]));
        }
    }

    private static (EvictionMode Mode, double Seconds) Cheaper(EvictionMode a, double secondsA, EvictionMode b, double secondsB) =>
        secondsA <= secondsB ? (a, secondsA) : (b, secondsB);

    /// <summary>Undoes evictions that later ones made needless, the dearest first, without rising above the present peak.</summary>
    private PlanRung Prune()
    {
        var limit = _simulator.Peak;
        _modes.CopyTo(_tried, 0);
        var live = _simulator.Live;
        var room = new long[live.Count];
        for (var a = 0; a < room.Length; a++)
        {
            room[a] = limit - live[a];
        }

        FindAway();
        foreach (var away in _away)
        {
            var range = room.AsSpan(away.From, Math.Max(0, away.To - away.From + 1));
            if (Holds(range, _numbers.Bytes[away.Value]))
            {
                TensorPrimitives.Subtract(range, _numbers.Bytes[away.Value], range);
                _tried[away.Gap] = EvictionMode.Keep;
            }
        }

        return _pruned.Run(_tried) && _pruned.Peak <= limit && _pruned.ExtraSeconds < _simulator.ExtraSeconds
            ? RungOf(_pruned, _tried) : RungOf(_simulator, _modes);
    }

    private static PlanRung RungOf(PlanSimulator simulator, EvictionMode[] modes) => new([.. modes], simulator.Peak, simulator.ExtraSeconds);

    private double CostOf(int value, int until)
    {
        var actions = _simulator.Actions;
        var serves = until + 1 < actions.Count ? actions[until + 1].Serves : _topology.Steps;
        return Math.Min(2 * _numbers.TransferSeconds(value), _cost.Of(value, serves, _modes)) / Math.Max(1, _numbers.Bytes[value]);
    }

    /// <summary>Whether there are so many bytes everywhere.</summary>
    private static bool Holds(ReadOnlySpan<long> room, long bytes)
    {
        // The ends first: one of them is often full.
        if (room.IsEmpty || room[0] < bytes || room[^1] < bytes)
        {
            return room.IsEmpty;
        }

        var least = new Vector<long>(bytes);
        while (room.Length >= Vector<long>.Count)
        {
            if (Vector.LessThanAny(new Vector<long>(room), least))
            {
                return false;
            }

            room = room[Vector<long>.Count..];
        }

        foreach (var r in room)
        {
            if (r < bytes)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Lists the values that are away, with the actions between, those first whose return costs most a byte.</summary>
    private void FindAway()
    {
        _away.Clear();
        Array.Fill(_goneAt, -1);
        var d = 0;
        var drops = _simulator.Drops;
        foreach (var placement in _simulator.Placements)
        {
            for (; d < drops.Count && drops[d].Action < placement.Action; d++)
            {
                _goneAt[drops[d].Value] = drops[d].Action;
            }

            var from = _goneAt[placement.Value] + 1;
            if (from == 0)
            {
                continue;
            }

            var next = _topology.NextTouch(placement.Value, _simulator.Actions[placement.Action].Serves);
            if (next > 0 && next < _topology.Touches[placement.Value].Length)
            {
                var gap = _topology.GapAfter(placement.Value, next - 1);
                if (_modes[gap] != EvictionMode.Keep)
                {
                    _away.Add(new Absence(placement.Value, gap, from, placement.Action - 1, CostOf(placement.Value, placement.Action - 1)));
                }
            }
        }

        _away.Sort((a, b) => a.Cost != b.Cost ? b.Cost.CompareTo(a.Cost) : a.From != b.From ? a.From.CompareTo(b.From) : a.Gap.CompareTo(b.Gap));
    }

    private readonly record struct Absence(int Value, int Gap, int From, int To, double Cost);

    private readonly record struct Candidate(int Value, int Gap, EvictionMode Mode, double Score);
}
