using Dlc.IR.Symbolic;
using Dlc.Passes.Scheduling;

namespace Dlc.Tests.Unit.Scheduling;

/// <summary>What the peak of an order is, by lifetimes, and the least peak of all orders, by trying all sets of steps. Obvious rather than fast.</summary>
internal static class ReferenceSchedule
{
    /// <summary>Most bytes that are live at one step of an order.</summary>
    public static long Peak(SchedulingProblem problem, IReadOnlyList<int> order, DimEvaluator dims)
    {
        var position = new int[order.Count];
        for (var i = 0; i < order.Count; i++)
        {
            position[order[i]] = i;
        }

        var first = new int[problem.Buffers.Length];
        var last = new int[problem.Buffers.Length];
        for (var b = 0; b < first.Length; b++)
        {
            var buffer = problem.Buffers[b];
            var mentions = buffer.Writers.Concat(buffer.Readers).Select(s => position[s]).ToList();
            first[b] = buffer.IsLiveIn ? 0 : buffer.Writers.Length == 0 ? int.MaxValue : buffer.Writers.Min(s => position[s]);
            last[b] = buffer.IsLiveOut ? order.Count : mentions.Count == 0 ? (buffer.IsLiveIn ? order.Count : -1) : mentions.Max();
        }

        long peak = 0;
        for (var i = 0; i < order.Count; i++)
        {
            var step = problem.Steps[order[i]];
            long live = step.Transient.Select(dims.Evaluate).DefaultIfEmpty(0).Max();
            for (var b = 0; b < first.Length; b++)
            {
                live += first[b] <= i && i <= last[b] ? dims.Evaluate(problem.Buffers[b].Bytes) : 0;
            }

            var taken = new HashSet<int>();
            foreach (var (output, input) in step.InPlace)
            {
                if (first[output] == i && last[input] == i && !taken.Contains(output) && !taken.Contains(input))
                {
                    taken.UnionWith([output, input]);
                    live -= dims.Evaluate(problem.Buffers[output].Bytes);
                }
            }

            peak = Math.Max(peak, live);
        }

        return peak;
    }

    /// <summary>The least peak of all orders of at most 20 steps, by dynamic programming over the sets of steps that can be done first.</summary>
    public static long Optimum(SchedulingProblem problem, DimEvaluator dims)
    {
        var n = problem.Steps.Length;
        var sizes = problem.Buffers.Select(b => dims.Evaluate(b.Bytes)).ToArray();
        var transient = problem.Steps.Select(s => s.Transient.Select(dims.Evaluate).DefaultIfEmpty(0).Max()).ToArray();
        var needs = problem.Steps.Select(s => s.After.Aggregate(0, (set, p) => set | (1 << p))).ToArray();
        var writers = problem.Buffers.Select(b => b.Writers.Aggregate(0, (set, p) => set | (1 << p))).ToArray();
        var mentions = problem.Buffers.Select((b, i) => b.Readers.Aggregate(writers[i], (set, p) => set | (1 << p))).ToArray();
        var best = new long[1 << n];
        Array.Fill(best, long.MaxValue);
        best[0] = 0;
        for (var set = 0; set < best.Length; set++)
        {
            if (best[set] == long.MaxValue)
            {
                continue;
            }

            for (var s = 0; s < n; s++)
            {
                var next = set | (1 << s);
                if (next == set || (needs[s] & ~set) != 0)
                {
                    continue;
                }

                var live = transient[s];
                for (var b = 0; b < sizes.Length; b++)
                {
                    var buffer = problem.Buffers[b];
                    var isStarted = buffer.IsLiveIn || (writers[b] & next) != 0;
                    var isOver = !buffer.IsLiveOut && (mentions[b] & ~set) == 0 && (mentions[b] != 0 || !buffer.IsLiveIn);
                    live += isStarted && !isOver ? sizes[b] : 0;
                }

                var taken = 0L;
                foreach (var (output, input) in problem.Steps[s].InPlace)
                {
                    var isFirst = !problem.Buffers[output].IsLiveIn && (writers[output] & set) == 0;
                    var isLast = !problem.Buffers[input].IsLiveOut && (mentions[input] & ~next) == 0;
                    if (isFirst && isLast && (taken & ((1L << output) | (1L << input))) == 0)
                    {
                        taken |= (1L << output) | (1L << input);
                        live -= sizes[output];
                    }
                }

                best[next] = Math.Min(best[next], Math.Max(best[set], live));
            }
        }

        return best[^1];
    }
}
