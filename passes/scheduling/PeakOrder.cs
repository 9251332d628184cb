using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>Compares the peaks of two orders for all dims at once.</summary>
internal static class PeakOrder
{
    /// <summary>Distinct sums of live bytes that are looked at in each order.</summary>
    private const int MaximumSums = 256;

    /// <summary>
    /// Whether the one order is proved to need at most as much as the other at any dims: whatever is live at one of its steps is at most what is live at some
    /// step of the other.
    /// </summary>
    public static bool IsAtMost(SchedulingProblem problem, ProblemShape shape, int[] order, int[] other, SizeOrder sizes)
    {
        try
        {
            var sums = LiveSums(problem, shape, order);
            var others = LiveSums(problem, shape, other);
            return sums.Count <= MaximumSums && others.Count <= MaximumSums && sums.All(sum => others.Any(o => sizes.IsAtMost(sum, o)));
        }
        catch (Exception e) when (e is OverflowException or DimTooLargeException)
        {
            return false;
        }
    }

    /// <summary>The distinct sums of live bytes over the steps of an order; in repeated layers they repeat.</summary>
    private static List<Dim> LiveSums(SchedulingProblem problem, ProblemShape shape, int[] order)
    {
        var walk = new LiveWalk(new SizedProblem(shape, new long[shape.Buffers.Length], new long[shape.Count]));
        var context = problem.Buffers[0].Bytes.Context;
        var live = context.Sum(problem.Buffers.Where(b => b.IsLiveIn).Select(b => b.Bytes));
        var sums = new HashSet<Dim>();
        var result = new List<Dim>();
        foreach (var step in order)
        {
            var opened = context.Sum(shape.Touches[step].Where(t => t.Opens && !walk.IsOpen(t.Buffer)).Select(t => problem.Buffers[t.Buffer].Bytes));
            var closed = context.Sum(shape.Touches[step].Where(t => t.Closes && walk.LastCloser(t.Buffer) == step)
                .Select(t => problem.Buffers[t.Buffer].Bytes));
            var merged = context.Sum(walk.MergedOutputs(step).Select(b => problem.Buffers[b].Bytes));
            foreach (var transient in problem.Steps[step].Transient.DefaultIfEmpty(context.Zero))
            {
                if (sums.Add(live + opened + transient - merged))
                {
                    result.Add(live + opened + transient - merged);
                }
            }

            live += opened - closed;
            walk.Run(step);
        }

        return result;
    }
}
