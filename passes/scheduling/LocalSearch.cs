namespace Dlc.Passes.Scheduling;

/// <summary>
/// Improves an order where its peak is. Of the buffers that are live at the peak and not needed there, the last readers are moved before it or the
/// first writers behind it, each with what has to go along; and short stretches around the peak are ordered exactly.
/// </summary>
internal sealed class LocalSearch
{
    /// <summary>Steps of a stretch around the peak that is ordered exactly.</summary>
    private const int Window = 24;

    private const int WindowStates = 2_000;

    private readonly SizedProblem _problem;
    private readonly ProblemShape _shape;
    private readonly SearchBudget _budget;
    private int[] _order;
    private Level _level;

    private LocalSearch(SizedProblem problem, int[] order, SearchBudget budget)
    {
        _problem = problem;
        _shape = problem.Shape;
        _budget = budget;
        _order = order;
        _level = Measure(order);
    }

    /// <summary>An order with a peak no higher than that of the given one.</summary>
    public static int[] Run(SizedProblem problem, int[] order, long floor, SearchBudget budget)
    {
        var search = new LocalSearch(problem, order, budget);
        while (search._level.Peak > floor && !budget.IsSpent && (search.TryMoves() || search.TryWindows()))
        {
        }

        return search._order;
    }

    /// <summary>The peak, how many steps reach it, and the first of them.</summary>
    private Level Measure(int[] order)
    {
        _budget.Spend(order.Length);
        var walk = new LiveWalk(_problem);
        var level = new Level(0, 0, 0);
        for (var i = 0; i < order.Length; i++)
        {
            var high = walk.Run(order[i]);
            if (high > level.Peak)
            {
                level = new Level(high, 1, i);
            }
            else if (high == level.Peak)
            {
                level = level with { Count = level.Count + 1 };
            }
        }

        return level;
    }

    private bool Accept(int[]? order)
    {
        if (order is null)
        {
            return false;
        }

        var level = Measure(order);
        if (level.Peak > _level.Peak || (level.Peak == _level.Peak && level.Count >= _level.Count))
        {
            return false;
        }

        (_order, _level) = (order, level);
        return true;
    }

    /// <summary>Moves the end of a buffer's life before the peak, or its start behind it.</summary>
    private bool TryMoves()
    {
        var at = _level.First;
        var position = new int[_order.Length];
        for (var i = 0; i < _order.Length; i++)
        {
            position[_order[i]] = i;
        }

        // The largest buffers first: they gain most.
        var live = Enumerable.Range(0, _shape.Buffers.Length).Where(b => IsIdleAt(_shape.Buffers[b], position, at) && _problem.Sizes[b] > 0)
            .OrderByDescending(b => _problem.Sizes[b]).ThenBy(b => b).ToList();
        foreach (var b in live)
        {
            var buffer = _shape.Buffers[b];
            if (_budget.IsSpent)
            {
                return false;
            }

            if (!buffer.IsLiveOut && Accept(Hoist(buffer.Closers, position, at)))
            {
                return true;
            }

            if (!buffer.IsLiveIn && Accept(Sink(buffer.Openers, position, at)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsIdleAt(ProblemShape.Buffer buffer, int[] position, int at) =>
        (buffer.IsLiveIn || buffer.Openers.Any(s => position[s] < at))
        && (buffer.IsLiveOut || buffer.Closers.Any(s => position[s] > at))
        && !buffer.Openers.Concat(buffer.Closers).Any(s => position[s] == at);

    /// <summary>The order with steps and all that they wait for before a position; null where one of these is the step at the position.</summary>
    private int[]? Hoist(int[] steps, int[] position, int at) =>
        Closure(steps.Where(s => position[s] > at), s => _shape.Before[s], s => position[s] >= at, _order[at]) is { } set
            ? [.. _order[..at], .. _order[at..].Where(set.Contains), .. _order[at..].Where(s => !set.Contains(s))] : null;

    /// <summary>The order with steps and all that waits for them behind a position.</summary>
    private int[]? Sink(int[] steps, int[] position, int at) =>
        Closure(steps.Where(s => position[s] < at), s => _shape.After[s], s => position[s] <= at, _order[at]) is { } set
            ? [.. _order[..(at + 1)].Where(s => !set.Contains(s)), .. _order[..(at + 1)].Where(set.Contains), .. _order[(at + 1)..]] : null;

    private HashSet<int>? Closure(IEnumerable<int> steps, Func<int, int[]> next, Func<int, bool> isWithin, int peak)
    {
        var set = new HashSet<int>();
        var pending = new Stack<int>(steps);
        while (pending.TryPop(out var step))
        {
            if (step == peak)
            {
                return null;
            }

            if (isWithin(step) && set.Add(step))
            {
                foreach (var other in next(step))
                {
                    pending.Push(other);
                }
            }
        }

        _budget.Spend(set.Count);
        return set.Count == 0 ? null : set;
    }

    /// <summary>Orders a stretch that holds the peak exactly, in several places around it.</summary>
    private bool TryWindows()
    {
        foreach (var lead in (int[])[Window / 2, Window - 2, 2])
        {
            var first = Math.Max(0, Math.Min(_level.First - lead, _order.Length - Window));
            var end = Math.Min(_order.Length, first + Window);
            var position = new int[_order.Length];
            for (var i = 0; i < _order.Length; i++)
            {
                position[_order[i]] = i;
            }

            var steps = _order[first..end];
            var (part, map) = _problem.Extract(steps, s => position[s] < first);
            int[] within = [.. Enumerable.Range(0, steps.Length)];
            var share = _budget.Lend(Math.Min(_budget.Left, 64 * WindowStates));
            var (found, _) = ExactSearch.Run(part, within, part.Peak(within), 0, WindowStates, share);
            _budget.Return(share);
            if (found is not null && Accept([.. _order[..first], .. found.Select(s => map.Steps[s]), .. _order[end..]]))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Level(long Peak, int Count, int First);
}
