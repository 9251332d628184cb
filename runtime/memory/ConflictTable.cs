namespace Dlc.Runtime.Memory;

/// <summary>For each buffer the others that are alive at some place together with it.</summary>
internal sealed class ConflictTable
{
    private readonly int[] _first;
    private readonly int[] _others;
    private readonly ArenaProblem _problem;

    private ConflictTable(ArenaProblem problem, int[] first, int[] others)
    {
        _problem = problem;
        _first = first;
        _others = others;
    }

    /// <summary>Those that a buffer meets.</summary>
    public ReadOnlySpan<int> this[int item] => _others.AsSpan(_first[item], _first[item + 1] - _first[item]);

    /// <summary>Finds all pairs; null when there are more than <paramref name="limit"/>.</summary>
    public static ConflictTable? Of(ArenaProblem problem, long limit)
    {
        int[] byStart = [.. Enumerable.Range(0, problem.Count).Where(i => problem.Bytes[i] > 0)];
        Array.Sort(byStart, (a, b) => problem.Start[a] != problem.Start[b] ? problem.Start[a].CompareTo(problem.Start[b]) : a.CompareTo(b));
        var pairs = new List<(int A, int B)>();
        var alive = new List<int>();
        foreach (int item in byStart)
        {
            alive.RemoveAll(other => problem.End[other] < problem.Start[item]);
            if (pairs.Count + alive.Count > limit)
            {
                return null;
            }

            foreach (int other in alive)
            {
                pairs.Add((other, item));
            }

            alive.Add(item);
        }

        return FromPairs(problem, pairs);
    }

    /// <summary>Bytes of all that a buffer meets, and its own.</summary>
    public double Crowd(int item)
    {
        double sum = _problem.Bytes[item];
        foreach (int other in this[item])
        {
            sum += _problem.Bytes[other];
        }

        return sum;
    }

    private static ConflictTable FromPairs(ArenaProblem problem, List<(int A, int B)> pairs)
    {
        var first = new int[problem.Count + 1];
        foreach (var (a, b) in pairs)
        {
            first[a + 1]++;
            first[b + 1]++;
        }

        for (int i = 0; i < problem.Count; i++)
        {
            first[i + 1] += first[i];
        }

        var next = first.AsSpan(0, problem.Count).ToArray();
        var others = new int[2 * pairs.Count];
        foreach (var (a, b) in pairs)
        {
            others[next[a]++] = b;
            others[next[b]++] = a;
        }

        return new ConflictTable(problem, first, others);
    }
}
