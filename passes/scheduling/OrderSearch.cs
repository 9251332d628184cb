namespace Dlc.Passes.Scheduling;

/// <summary>
/// Looks for an order with a low peak when sizes are numbers. The problem is cut into stretches that can be ordered one by one, the one with the
/// highest peak first; a stretch is ordered by list scheduling from both ends, by merging its independent parts, exactly where that is affordable, and
/// by a beam search where it is not.
/// </summary>
internal static class OrderSearch
{
    /// <summary>Most sets of steps that the exact search keeps for one stretch.</summary>
    private const int ExactStates = 20_000;

    /// <summary>Most evaluations that the exact search may spend on one stretch.</summary>
    private const long ExactEvaluations = 400_000;

    /// <summary>Widest beam.</summary>
    private const int BeamWidth = 48;

    /// <summary>The beam stops when what it may still gain is less than this part of the peak.</summary>
    private const int Precision = 100;

    /// <summary>Parts within parts that are taken apart.</summary>
    private const int MaximumDepth = 16;

    /// <summary>An order with a peak no higher than that of the given one.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="start">An order in which the steps can run.</param>
    /// <param name="floor">A peak that is low enough: search stops there.</param>
    /// <param name="budget">What the search may spend.</param>
    public static int[] Improve(SizedProblem problem, int[] start, long floor, SearchBudget budget) => Improve(problem, start, floor, budget, 0);

    private static int[] Improve(SizedProblem problem, int[] start, long floor, SearchBudget budget, int depth)
    {
        var order = start.ToArray();
        var starts = Decomposition.Stretches(problem.Shape, order);
        var peaks = StretchPeaks(problem, order, starts);
        var worstFirst = Enumerable.Range(0, peaks.Length).Where(i => starts[i + 1] - starts[i] > 1).OrderByDescending(i => peaks[i].Peak).ToList();
        foreach (var i in Enumerable.Range(0, peaks.Length).Where(i => starts[i + 1] - starts[i] == 1))
        {
            floor = Math.Max(floor, peaks[i].Peak);
        }

        var position = new int[order.Length];
        for (var p = 0; p < order.Length; p++)
        {
            position[order[p]] = p;
        }

        foreach (var i in worstFirst)
        {
            if (peaks[i].Peak <= floor || budget.IsSpent)
            {
                break;
            }

            var (first, end) = (starts[i], starts[i + 1]);
            var steps = order[first..end];
            var (part, map) = problem.Extract(steps, s => position[s] < first);
            var within = Identity(steps.Length);
            var always = peaks[i].Start - LiveAtStart(part);
            within = ImproveStretch(part, within, Math.Max(0, floor - always), budget, depth);
            for (var k = 0; k < within.Length; k++)
            {
                order[first + k] = map.Steps[within[k]];
            }

            // The others need not be better than the worst that is left.
            floor = Math.Max(floor, part.Peak(within) + always);
        }

        return order;
    }

    private static int[] ImproveStretch(SizedProblem part, int[] start, long floor, SearchBudget budget, int depth)
    {
        var best = start;
        var peak = part.Peak(start);
        floor = Math.Max(floor, Floor(part));
        var reversed = part.Reverse();
        Offer(ListScheduler.Run(part, start));
        Offer(Reversed(ListScheduler.Run(reversed, Reversed(start))));
        if (peak > floor && depth < MaximumDepth)
        {
            Offer(MergeParts(part, best, floor, budget, depth));
        }

        if (peak <= floor)
        {
            return best;
        }

        // Exact search is spent on what is small enough; what it cannot finish the beam takes up, once from each end.
        var lent = budget.Lend(Math.Min(budget.Left / 2, ExactEvaluations));
        var (order, isProved) = ExactSearch.Run(part, best, peak, floor, ExactStates, lent);
        budget.Return(lent);
        Offer(order);
        if (isProved)
        {
            return best;
        }

        var local = budget.Lend(budget.Left / 4);
        Offer(LocalSearch.Run(part, best, floor, local));
        budget.Return(local);

        // A beam that only has to stay below a given peak ranks by live bytes alone; that peak is narrowed down by halves.
        var low = floor;
        while (peak - low > peak / Precision && !budget.IsSpent)
        {
            var aim = low + ((peak - low) / 2);
            foreach (var isReversed in (bool[])[false, true])
            {
                if (peak > aim)
                {
                    var share = budget.Lend(budget.Left / 4);
                    var width = (int)Math.Clamp(share.Left / (8L * part.Count), 1, BeamWidth);
                    var found = BeamSearch.Run(isReversed ? reversed : part, isReversed ? Reversed(best) : best, aim + 1, aim, width, share);
                    budget.Return(share);
                    Offer(found is null || !isReversed ? found : Reversed(found));
                }
            }

            low = peak > aim ? aim : low;
        }

        Offer(LocalSearch.Run(part, best, floor, budget));

        return best;

        void Offer(int[]? candidate)
        {
            if (candidate is not null && !ReferenceEquals(candidate, best) && part.Peak(candidate) is var other && other < peak)
            {
                (best, peak) = (candidate, other);
            }
        }
    }

    /// <summary>Orders independent parts each on its own and merges them; null where there is only one.</summary>
    private static int[]? MergeParts(SizedProblem problem, int[] order, long floor, SearchBudget budget, int depth)
    {
        var components = Decomposition.Components(problem.Shape, order, out var joint);
        if (components.Count < 2)
        {
            return null;
        }

        var merged = new List<(int Step, long Net, long Rise)[]>();
        foreach (var steps in components)
        {
            var (part, map) = problem.Extract(steps, null);
            var within = Identity(steps.Length);
            if (steps.Length > 2)
            {
                var share = budget.Lend(budget.Left / 2);
                within = Improve(part, within, 0, share, depth + 1);
                budget.Return(share);
            }

            var walk = new LiveWalk(part);
            merged.Add([.. within.Select(step =>
            {
                var (net, rise) = walk.Measure(step);
                walk.Run(step);
                return (map.Steps[step], net, rise);
            })]);
        }

        var result = ChainMerge.Run(merged);
        return joint is { } last ? [.. result, last] : result;
    }

    /// <summary>What no order avoids: the bytes that each step needs at once, and what is live at the start and at the end.</summary>
    private static long Floor(SizedProblem problem)
    {
        var (shape, sizes) = (problem.Shape, problem.Sizes);
        long atStart = 0, atEnd = 0;
        for (var b = 0; b < sizes.Length; b++)
        {
            atStart += shape.Buffers[b].IsLiveIn ? sizes[b] : 0;
            atEnd += shape.Buffers[b].IsLiveOut ? sizes[b] : 0;
        }

        var floor = Math.Max(atStart, atEnd);
        for (var s = 0; s < shape.Count; s++)
        {
            var needed = shape.Touches[s].Sum(t => sizes[t.Buffer]) + problem.Transient[s];
            var merged = shape.InPlace[s].DistinctBy(p => p.Output).Sum(p => sizes[p.Output]);
            floor = Math.Max(floor, needed - merged);
        }

        return floor;
    }

    private static (long Start, long Peak)[] StretchPeaks(SizedProblem problem, int[] order, List<int> starts)
    {
        var walk = new LiveWalk(problem);
        var peaks = new (long Start, long Peak)[starts.Count - 1];
        for (var i = 0; i < peaks.Length; i++)
        {
            var (live, peak) = (walk.Live, walk.Live);
            for (var p = starts[i]; p < starts[i + 1]; p++)
            {
                peak = Math.Max(peak, Math.Max(walk.Run(order[p]), walk.Live));
            }

            peaks[i] = (live, peak);
        }

        return peaks;
    }

    private static long LiveAtStart(SizedProblem part)
    {
        long live = 0;
        for (var b = 0; b < part.Sizes.Length; b++)
        {
            live += part.Shape.Buffers[b].IsLiveIn ? part.Sizes[b] : 0;
        }

        return live;
    }

    private static int[] Identity(int count) => [.. Enumerable.Range(0, count)];

    private static int[] Reversed(int[] order) => [.. order.Reverse()];
}
