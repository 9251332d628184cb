using System.Runtime.CompilerServices;

namespace Dlc.Runtime.Rematerialization;

/// <summary>Estimates what it takes to bring a value back at a step, under the evictions decided so far. Keeps its tables between uses.</summary>
internal sealed class RegenerationCost(StepTopology topology, StepNumbers numbers)
{
    // A chain longer than this is never worth it, and looking for it would cost more than it saves.
    private const int LongestChain = 64;
    private readonly int[] _stamps = new int[topology.Steps];
    private readonly int[] _seen = new int[topology.Values];
    private readonly Stack<int> _pending = [];
    private int _stamp;

    /// <summary>Seconds of the steps to run again so that <paramref name="value"/> is there before <paramref name="step"/>; infinite where that cannot be.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double Of(int value, int step, EvictionMode[] modes)
    {
        _stamp++;
        _pending.Clear();
        _pending.Push(value);
        double seconds = 0;
        var chain = 0;
        while (_pending.TryPop(out var v))
        {
            if (!topology.CanRecompute[v])
            {
                return double.PositiveInfinity;
            }

            foreach (var writer in topology.Writers[v])
            {
                if (_stamps[writer] == _stamp)
                {
                    continue;
                }

                _stamps[writer] = _stamp;
                if (++chain > LongestChain)
                {
                    return double.PositiveInfinity;
                }

                seconds += numbers.Seconds[writer];
                foreach (var read in topology.Reads[writer])
                {
                    if (topology.IsResident[read])
                    {
                        if (topology.IsReplaced(read, writer, step))
                        {
                            return double.PositiveInfinity;
                        }
                    }
                    else if (read != v && !ComesAnyway(read, step, modes))
                    {
                        _pending.Push(read);
                    }
                }
            }
        }

        return seconds;
    }

    /// <summary>
    /// Seconds of the value's own steps and of all evicted values that its return goes through or that return through it. Evicting by this leaves
    /// values in memory at even distances, so that no chain of recomputations grows long (after Dynamic Tensor Rematerialization, arXiv 2006.09616).
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="step">The step before which it is to be there.</param>
    /// <param name="modes">The evictions, by gap.</param>
    /// <param name="isAgain">By value: whether it is computed again under them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public double OfNeighbourhood(int value, int step, EvictionMode[] modes, bool[] isAgain)
    {
        var own = Of(value, step, modes);
        if (double.IsPositiveInfinity(own))
        {
            return own;
        }

        _stamp++;
        _pending.Clear();
        _pending.Push(value);
        double seconds = 0;
        var chain = 0;
        while (_pending.TryPop(out var v) && chain < LongestChain)
        {
            if (_seen[v] == _stamp)
            {
                continue;
            }

            _seen[v] = _stamp;
            foreach (var writer in topology.Writers[v])
            {
                if (_stamps[writer] == _stamp)
                {
                    continue;
                }

                chain++;

                _stamps[writer] = _stamp;
                seconds += numbers.Seconds[writer];
                PushEvicted(topology.Reads[writer], isAgain);
            }

            foreach (var reader in topology.Touches[v])
            {
                if (reader < topology.Steps)
                {
                    PushEvicted(topology.Writes[reader], isAgain);
                }
            }
        }

        return Math.Max(own, seconds);
    }

    private void PushEvicted(int[] values, bool[] isAgain)
    {
        foreach (var v in values)
        {
            if (isAgain[v] && _seen[v] != _stamp)
            {
                _pending.Push(v);
            }
        }
    }

    /// <summary>Whether the value is there at the step, or comes back for a later one in any case.</summary>
    private bool ComesAnyway(int value, int step, EvictionMode[] modes)
    {
        var touches = topology.Touches[value];
        var next = topology.NextTouch(value, step);
        if (next == touches.Length)
        {
            return next > 0 && modes[topology.GapAfter(value, next - 1)] == EvictionMode.Retain;
        }

        return touches[next] == step || (next > 0
            && modes[topology.GapAfter(value, next - 1)] is EvictionMode.Keep or EvictionMode.Recompute or EvictionMode.Offload);
    }
}
