namespace Dlc.Passes.Scheduling;

/// <summary>
/// Dynamic programming over the sets of done steps, the ones with the lowest peak first: the first complete order has the least peak of all. What
/// was reached with a peak that is no better than a known order's is left out.
/// </summary>
internal static class ExactSearch
{
    /// <summary>
    /// Finds an order whose peak is below a bound, as low as possible but no lower than the floor asks. Null with <c>IsProved</c>: there is none. Null
    /// without: the budget or the number of states was spent.
    /// </summary>
    /// <param name="problem">The problem.</param>
    /// <param name="preference">An order; of equally good steps those that come earlier in it are tried first.</param>
    /// <param name="bound">The peak to be better than.</param>
    /// <param name="floor">A peak that is low enough.</param>
    /// <param name="maximumStates">Most states that are kept.</param>
    /// <param name="budget">Evaluations that may be used.</param>
    public static (int[]? Order, bool IsProved) Run(SizedProblem problem, int[] preference, long bound, long floor, int maximumStates,
        SearchBudget budget)
    {
        var space = new SearchSpace(problem, floor, budget, preference);
        var queue = new PriorityQueue<SearchState, (long Peak, int Left, long Live, int Number)>();
        var known = new Dictionary<ulong, long>();
        var number = 0;
        Offer(space.Start());
        while (queue.TryDequeue(out var state, out var priority))
        {
            if (state.Count == problem.Count)
            {
                return (state.Order(), true);
            }

            if (known[state.Hash] < priority.Peak)
            {
                continue;
            }

            foreach (var step in state.Ready)
            {
                if (number > maximumStates || budget.IsSpent)
                {
                    return (null, false);
                }

                if (space.Move(state, step, bound) is { } next)
                {
                    Offer(next);
                }
            }
        }

        return (null, true);

        void Offer(SearchState state)
        {
            var peak = Math.Max(state.Peak, floor);
            if (state.Peak < bound && (!known.TryGetValue(state.Hash, out var best) || peak < best))
            {
                known[state.Hash] = peak;
                queue.Enqueue(state, (peak, problem.Count - state.Count, state.Live, number++));
            }
        }
    }
}
