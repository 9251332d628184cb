namespace Dlc.Runtime.Rematerialization;

/// <summary>Estimates what it takes to bring a value back at a step, under the evictions decided so far. Keeps its tables between uses.</summary>
internal sealed class RegenerationCost(StepTopology topology, StepNumbers numbers)
{
    // A chain longer than this is never worth it, and looking for it would cost more than it saves.
    private const int LongestChain = 256;
    private readonly int[] _stamps = new int[topology.Steps];
    private readonly Stack<int> _pending = [];
    private int _stamp;

    /// <summary>Seconds of the steps to run again so that <paramref name="value"/> is there before <paramref name="step"/>; infinite where that cannot be.</summary>
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

    /// <summary>Whether the value is there at the step, or comes back for a later one in any case.</summary>
    private bool ComesAnyway(int value, int step, EvictionMode[] modes)
    {
        var touches = topology.Touches[value];
        var next = topology.NextTouch(value, step);
        if (next == touches.Length)
        {
            return false;
        }

        return touches[next] == step || (next > 0
            && modes[topology.GapAfter(value, next - 1)] is EvictionMode.Keep or EvictionMode.Recompute or EvictionMode.Offload);
    }
}
