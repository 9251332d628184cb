using Dlc.Runtime.Rematerialization;

namespace Dlc.Tests.Unit.Runtime.Rematerialization;

/// <summary>
/// The least cost of recomputation under a limit, by looking at every way to run a small program: Dijkstra over (steps done, values there), where a value may
/// be dropped at any time and any step may run again when what it reads is there.
/// </summary>
internal sealed class ExhaustivePlanner
{
    private readonly StepTopology _topology;
    private readonly StepNumbers _numbers;
    private readonly int[] _reads;
    private readonly int[] _writes;
    private readonly int _kept;
    private readonly long[] _bytes;

    /// <param name="topology">At most 16 values; each step writes one of its own, nothing is written in place.</param>
    /// <param name="numbers">Sizes and seconds.</param>
    public ExhaustivePlanner(StepTopology topology, StepNumbers numbers)
    {
        (_topology, _numbers) = (topology, numbers);
        _reads = [.. topology.ArenaReads.Select(MaskOf)];
        _writes = [.. topology.ArenaWrites.Select(MaskOf)];
        _kept = MaskOf([.. Enumerable.Range(0, topology.Values).Where(v => topology.IsKept[v])]);
        _bytes = new long[1 << topology.Values];
        for (var set = 1; set < _bytes.Length; set++)
        {
            var low = System.Numerics.BitOperations.TrailingZeroCount(set);
            _bytes[set] = _bytes[set & (set - 1)] + numbers.Bytes[low];
        }
    }

    /// <summary>Seconds of the steps that run again; infinite where the limit is too low.</summary>
    public double Cost(long limit)
    {
        var sets = 1 << _topology.Values;
        var best = new double[(_topology.Steps + 1) * sets];
        Array.Fill(best, double.PositiveInfinity);
        best[0] = 0;
        var queue = new PriorityQueue<int, double>();
        queue.Enqueue(0, 0);
        void Reach(int state, double cost)
        {
            if (cost < best[state])
            {
                best[state] = cost;
                queue.Enqueue(state, cost);
            }
        }

        while (queue.TryDequeue(out var state, out var cost))
        {
            if (cost > best[state])
            {
                continue;
            }

            var (done, there) = (state / sets, state % sets);
            if (done == _topology.Steps && (there & _kept) == _kept)
            {
                return cost;
            }

            for (var step = 0; step < _topology.Steps && step <= done; step++)
            {
                var after = there | _writes[step];
                if ((_reads[step] & ~there) == 0 && _bytes[after] <= limit && (step == done || after != there))
                {
                    Reach(((step == done ? done + 1 : done) * sets) + after, step == done ? cost : cost + _numbers.Seconds[step]);
                }
            }

            for (var rest = there; rest != 0; rest &= rest - 1)
            {
                Reach((done * sets) + (there & ~(rest & -rest)), cost);
            }
        }

        return double.PositiveInfinity;
    }

    private static int MaskOf(int[] values) => values.Aggregate(0, (set, v) => set | (1 << v));
}
