namespace Dlc.Passes.Scheduling;

/// <summary>
/// Follows the most promising sets of done steps at once: of the sets of one size those with the lowest peak and, among these, the fewest live bytes.
/// </summary>
internal static class BeamSearch
{
    /// <summary>Most moves that are tried from one set.</summary>
    private const int MaximumMoves = 16;

    /// <summary>Finds an order whose peak is below a bound; null if none was met.</summary>
    /// <param name="problem">The problem.</param>
    /// <param name="preference">An order; of equally good steps those that come earlier in it are tried first.</param>
    /// <param name="bound">The peak to be better than.</param>
    /// <param name="floor">A peak that is low enough.</param>
    /// <param name="width">Sets of one size that are followed.</param>
    /// <param name="budget">Evaluations that may be used.</param>
    public static int[]? Run(SizedProblem problem, int[] preference, long bound, long floor, int width, SearchBudget budget)
    {
        var space = new SearchSpace(problem, floor, budget, preference);

        // By the number of done steps: a move with what is safe after it may take many.
        var levels = new List<SearchState>?[problem.Count + 1];
        Add(levels, space.Start());
        for (var count = 0; count < problem.Count; count++)
        {
            if (levels[count] is not { } level)
            {
                continue;
            }

            levels[count] = null;
            foreach (var state in Best(level, floor, width))
            {
                foreach (var step in space.Cheapest(state, MaximumMoves))
                {
                    if (budget.IsSpent)
                    {
                        return null;
                    }

                    if (space.Move(state, step, bound) is { } next)
                    {
                        Add(levels, next);
                    }
                }
            }
        }

        var complete = levels[problem.Count];
        return complete is null ? null : Best(complete, floor, 1)[0].Order();
    }

    private static void Add(List<SearchState>?[] levels, SearchState state) => (levels[state.Count] ??= []).Add(state);

    private static List<SearchState> Best(List<SearchState> level, long floor, int width)
    {
        // Sorted with the position as the last key, so that the result does not depend on how sorting treats equals.
        var keys = new (long Peak, long Live, int Position)[level.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = (Math.Max(level[i].Peak, floor), level[i].Live, i);
        }

        Array.Sort(keys);
        var best = new List<SearchState>();
        var seen = new HashSet<ulong>();
        foreach (var (_, _, position) in keys)
        {
            if (best.Count == width)
            {
                break;
            }

            if (seen.Add(level[position].Hash))
            {
                best.Add(level[position]);
            }
        }

        return best;
    }
}
