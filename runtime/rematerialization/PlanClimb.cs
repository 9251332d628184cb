using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Goes from the plan without evictions to ever smaller ones. A stage lowers all points that are above its aim: again and again the highest one, as far as can
/// be told without walking through the program, by the value that lies idle there and costs least time a byte to bring back; then a walk says what came of it.
/// </summary>
/// <remarks>After BladeDISC++ (arXiv 2412.16985), which decides at each eviction point by itself; the look at the whole schedule is ours.</remarks>
internal sealed class PlanClimb
{
    // Walks that one stage may take.
    private const int WalksPerStage = 12;

    private readonly StepTopology _topology;
    private readonly StepNumbers _numbers;
    private readonly RegenerationCost _cost;
    private readonly bool _spreads;
    private readonly int[] _gaps;
    private readonly int[] _touchOfGap;
    private readonly bool[] _isHopeless;
    private readonly bool[] _isAgain;
    private readonly int[] _launchAt;
    private readonly int[] _returnAt;
    private readonly List<Candidate> _candidates = [];
    private readonly List<Candidate> _taken = [];
    private PlanSimulator _simulator;
    private PlanSimulator _trial;
    private EvictionMode[] _modes;
    private EvictionMode[] _tried;
    private long[] _need = [];
    private int[] _high = [];
    private int _failures;

    /// <summary>Starts at given evictions.</summary>
    /// <param name="topology">The program.</param>
    /// <param name="numbers">Its sizes.</param>
    /// <param name="spreads">Whether values stay in memory at even distances, so that no chain of recomputations grows long; else what is cheapest now goes first.</param>
    /// <param name="start">The evictions, by gap.</param>
    /// <param name="first">Walks through the program.</param>
    /// <param name="second">Likewise: one of them keeps what was reached while the other tries what comes next.</param>
    public PlanClimb(StepTopology topology, StepNumbers numbers, bool spreads, ReadOnlySpan<EvictionMode> start, PlanSimulator first, PlanSimulator second)
    {
        (_topology, _numbers, _spreads) = (topology, numbers, spreads);
        _cost = new RegenerationCost(topology, numbers);
        (_simulator, _trial) = (first, second);
        (_modes, _tried) = (start.ToArray(), start.ToArray());
        _isHopeless = new bool[topology.Gaps];
        _isAgain = new bool[topology.Values];
        _touchOfGap = new int[topology.Gaps];
        (_launchAt, _returnAt) = (new int[topology.Steps + 1], new int[topology.Gaps]);
        var gaps = new List<int>();
        for (var v = 0; v < topology.Values; v++)
        {
            for (var i = 0; i + 1 < topology.Touches[v].Length; i++)
            {
                var gap = topology.GapAfter(v, i);
                _touchOfGap[gap] = i;
                if (topology.IsEvictable[gap] && numbers.Bytes[v] > 0)
                {
                    gaps.Add(gap);
                }
            }
        }

        _gaps = [.. gaps];
        _simulator.Run(_modes);
    }

    /// <summary>Where the climb stands.</summary>
    public PlanSimulator Simulator => _simulator;

    /// <summary>By gap.</summary>
    public EvictionMode[] Modes => _modes;

    /// <summary>Lowers the peak to an aim, or as near as it comes. False where it cannot be lowered at all.</summary>
    /// <param name="aim">Bytes.</param>
    /// <param name="failures">Walks in vain that it may take.</param>
    public bool Lower(long aim, int failures)
    {
        _failures = failures;
        var before = _simulator.Peak;
        var isNew = true;
        for (var walk = 0; walk < WalksPerStage && _simulator.Peak > aim && _failures > 0; walk++)
        {
            if (isNew)
            {
                Survey(aim);
            }

            if (!Take(aim))
            {
                break;
            }

            isNew = true;

            if (!Try(_taken.Count))
            {
                _failures--;
                if (_taken.Count == 1 || !Try(1))
                {
                    // What comes back for it needs more room than it leaves.
                    _isHopeless[_taken[0].Gap] = true;
                    _candidates.AddRange(_taken[1..]);
                    _candidates.Sort(Candidate.Compare);
                    isNew = false;
                }
            }
        }

        return _simulator.Peak < before;
    }

    private bool Try(int count)
    {
        _modes.CopyTo(_tried, 0);
        for (var i = 0; i < count; i++)
        {
            _tried[_taken[i].Gap] = _taken[i].Mode;
        }

        if (!_trial.Run(_tried) || _trial.Peak > _simulator.Peak)
        {
            return false;
        }

        (_simulator, _trial) = (_trial, _simulator);
        (_modes, _tried) = (_tried, _modes);
        return true;
    }

    /// <summary>Lists the points above the aim, and what lies idle there with what its return costs.</summary>
    private void Survey(long aim)
    {
        var actions = _simulator.Actions;
        if (_need.Length < actions.Count)
        {
            (_need, _high) = (new long[2 * actions.Count], new int[(2 * actions.Count) + 1]);
        }

        Array.Clear(_returnAt);
        for (var a = 0; a < actions.Count; a++)
        {
            _high[a + 1] = _high[a] + (_simulator.Live[a] > aim ? 1 : 0);
            if (actions[a].Kind == ActionKind.Launch)
            {
                _launchAt[actions[a].Subject] = a;
            }
        }

        _launchAt[_topology.Steps] = actions.Count;
        FindAgain();
        foreach (var placement in _simulator.Placements)
        {
            var serves = actions[placement.Action].Serves;
            if (actions[placement.Action].Kind != ActionKind.Launch && _topology.NextTouch(placement.Value, serves) is > 0 and var next)
            {
                _returnAt[_topology.GapAfter(placement.Value, next - 1)] = placement.Action;
            }
        }

        _candidates.Clear();
        foreach (var gap in _gaps)
        {
            var (value, touch, mode) = (_topology.ValueOfGap(gap), _touchOfGap[gap], _modes[gap]);
            var touches = _topology.Touches[value];
            var from = (mode == EvictionMode.Keep ? _launchAt[touches[touch]] : _returnAt[gap]) + 1;
            var to = _launchAt[touches[touch + 1]];
            if (from < to && _high[to] > _high[from] && !_isHopeless[gap] && (mode == EvictionMode.Keep || from > 1)
                && Rate(value, gap, touches[touch + 1], mode, _modes) is { Mode: not EvictionMode.Keep } next)
            {
                _candidates.Add(new Candidate(gap, from, to, next.Mode, next.Score, next.Score));
            }
        }

        _candidates.Sort(Candidate.Compare);
    }

    private void FindAgain()
    {
        Array.Clear(_isAgain);
        foreach (var gap in _gaps)
        {
            _isAgain[_topology.ValueOfGap(gap)] |= IsAgain(gap, _modes[gap]);
        }
    }

    private bool IsAgain(int gap, EvictionMode mode) =>
        mode is EvictionMode.Recompute or EvictionMode.RecomputeEachTime && _topology.CanRecompute[_topology.ValueOfGap(gap)];

    /// <summary>What becomes of a value next, and seconds a byte for it; <see cref="EvictionMode.Keep"/> where there is nothing left.</summary>
    private (EvictionMode Mode, double Score) Rate(int value, int gap, int nextTouch, EvictionMode mode, EvictionMode[] modes)
    {
        var back = Math.Min(nextTouch, _topology.Steps);
        var transfer = _numbers.TransferSeconds(value);
        var again = mode is EvictionMode.Offload or EvictionMode.OffloadEachTime ? double.PositiveInfinity
            : _spreads ? _cost.OfNeighbourhood(value, back, modes, _isAgain) : _cost.Of(value, back, modes);
        var (next, seconds) = mode switch
        {
            EvictionMode.Keep => again <= 2 * transfer ? (EvictionMode.Recompute, again) : (EvictionMode.Offload, 2 * transfer),
            EvictionMode.Recompute => again <= 2 * transfer ? (EvictionMode.RecomputeEachTime, again) : (EvictionMode.Offload, 2 * transfer),
            EvictionMode.Offload => (EvictionMode.OffloadEachTime, transfer),
            EvictionMode.RecomputeEachTime when 2 * transfer < again => (EvictionMode.Offload, 2 * transfer),
            _ => (EvictionMode.Keep, double.PositiveInfinity),
        };
        return (next, seconds / _numbers.Bytes[value]);
    }

    /// <summary>Takes candidates until all points should be low enough, or as low as the one that nothing lowers. False where that is so from the start.</summary>
    private bool Take(long aim)
    {
        _taken.Clear();
        _modes.CopyTo(_tried, 0);
        FindAgain();
        var need = _need.AsSpan(0, _simulator.Live.Count);
        TensorPrimitives.Subtract(CollectionsMarshal.AsSpan(_simulator.Live), aim, need);
        long left = 0;
        while (true)
        {
            var at = TensorPrimitives.IndexOfMax<long>(need);
            if (need[at] <= left)
            {
                return _taken.Count > 0;
            }

            var (best, least) = (-1, double.PositiveInfinity);
            for (var c = 0; c < _candidates.Count && (best < 0 || _candidates[c].Score < least); c++)
            {
                var candidate = _candidates[c];
                if (candidate.From > at || candidate.To <= at || (best >= 0 && candidate.Now >= least))
                {
                    continue;
                }

                // What was taken since may have made it dearer.
                if (_taken.Count > 0)
                {
                    var value = _topology.ValueOfGap(candidate.Gap);
                    var (mode, score) = Rate(value, candidate.Gap, _topology.Touches[value][_touchOfGap[candidate.Gap] + 1], _modes[candidate.Gap], _tried);
                    candidate = _candidates[c] = candidate with { Mode = mode, Now = Math.Max(score, candidate.Now) };
                }

                if (best < 0 || candidate.Now < least)
                {
                    (best, least) = (c, candidate.Now);
                }
            }

            if (best < 0)
            {
                // The others need not be lower than this.
                left = need[at];
                continue;
            }

            var chosen = _candidates[best];
            _candidates.RemoveAt(best);
            _taken.Add(chosen);
            _tried[chosen.Gap] = chosen.Mode;
            _isAgain[_topology.ValueOfGap(chosen.Gap)] |= IsAgain(chosen.Gap, chosen.Mode);
            var range = need[chosen.From..chosen.To];
            TensorPrimitives.Subtract(range, _numbers.Bytes[_topology.ValueOfGap(chosen.Gap)], range);
        }
    }

    /// <summary>
    /// A value in memory from action <paramref name="From"/> to the one before <paramref name="To"/> that may leave; seconds a byte for it at the survey, and
    /// what they have become.
    /// </summary>
    private readonly record struct Candidate(int Gap, int From, int To, EvictionMode Mode, double Score, double Now)
    {
        /// <summary>The cheapest first.</summary>
        public static int Compare(Candidate a, Candidate b) => a.Score != b.Score ? a.Score.CompareTo(b.Score) : a.Gap.CompareTo(b.Gap);
    }
}
