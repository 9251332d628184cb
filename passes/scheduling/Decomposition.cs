namespace Dlc.Passes.Scheduling;

/// <summary>Where a problem falls apart.</summary>
internal static class Decomposition
{
    /// <summary>
    /// Cuts an order after each step that is ordered with all others: what runs before it and what runs after it is the same in every order, so that
    /// the stretches between such steps can be ordered independently. Returns the first position of each stretch, and at the end the length.
    /// </summary>
    public static List<int> Stretches(ProblemShape shape, ReadOnlySpan<int> order)
    {
        var n = order.Length;
        var position = new int[n];
        for (var i = 0; i < n; i++)
        {
            position[order[i]] = i;
        }

        // A step is ordered with all before it exactly when it is the only one of them and itself that nothing among them comes after.
        var isLastOfPrefix = new bool[n];
        var ends = 0;
        var hasSuccessor = new bool[n];
        for (var i = 0; i < n; i++)
        {
            foreach (var before in shape.Before[order[i]])
            {
                ends -= hasSuccessor[before] ? 0 : 1;
                hasSuccessor[before] = true;
            }

            isLastOfPrefix[i] = ++ends == 1;
        }

        var starts = new List<int> { 0 };
        var cuts = new List<int>();
        var begins = 0;
        var hasPredecessor = new bool[n];
        for (var i = n - 1; i >= 0; i--)
        {
            foreach (var after in shape.After[order[i]])
            {
                begins -= hasPredecessor[after] ? 0 : 1;
                hasPredecessor[after] = true;
            }

            if (++begins == 1 && isLastOfPrefix[i])
            {
                cuts.Add(i + 1);
            }
        }

        cuts.Reverse();
        starts.AddRange(cuts);
        if (starts[^1] != n)
        {
            starts.Add(n);
        }

        return starts;
    }

    /// <summary>
    /// The parts of an order between which there are no dependencies, each in the given order; a last step that comes after all others does not hold
    /// them together and is left out.
    /// </summary>
    public static List<int[]> Components(ProblemShape shape, ReadOnlySpan<int> order, out int? joint)
    {
        var n = order.Length;
        var last = order[^1];
        joint = shape.After[last].Length == 0 && IsAfterAll(shape, order) ? last : null;
        var root = new int[n];
        for (var s = 0; s < n; s++)
        {
            root[s] = s;
        }

        for (var s = 0; s < n; s++)
        {
            foreach (var before in shape.Before[s])
            {
                if (s != joint)
                {
                    root[Find(s)] = Find(before);
                }
            }
        }

        var components = new Dictionary<int, List<int>>();
        var result = new List<List<int>>();
        foreach (var s in order)
        {
            if (s == joint)
            {
                continue;
            }

            if (!components.TryGetValue(Find(s), out var component))
            {
                components.Add(Find(s), component = []);
                result.Add(component);
            }

            component.Add(s);
        }

        return [.. result.Select(c => c.ToArray())];

        int Find(int s)
        {
            while (root[s] != s)
            {
                s = root[s] = root[root[s]];
            }

            return s;
        }
    }

    private static bool IsAfterAll(ProblemShape shape, ReadOnlySpan<int> order)
    {
        var last = order[^1];
        foreach (var s in order)
        {
            if (s != last && shape.After[s].Length == 0)
            {
                return false;
            }
        }

        return true;
    }
}
