namespace Dlc.Runtime.Memory;

/// <summary>Places buffers in the order of their first use, each in the smallest free range: near-linear, whatever the number of buffers.</summary>
internal static class FirstUsePlanner
{
    /// <summary>Plans the items of a problem without fixed buffers.</summary>
    /// <returns>Bytes of the block.</returns>
    public static long Plan(ArenaProblem problem, int[] items, long[] offsets)
    {
        int[] byStart = [.. items];
        int[] byEnd = [.. items];
        Array.Sort(byStart, (a, b) => problem.Start[a] != problem.Start[b] ? problem.Start[a].CompareTo(problem.Start[b])
            : problem.Bytes[a] != problem.Bytes[b] ? problem.Bytes[b].CompareTo(problem.Bytes[a]) : a.CompareTo(b));
        Array.Sort(byEnd, (a, b) => problem.End[a] != problem.End[b] ? problem.End[a].CompareTo(problem.End[b]) : a.CompareTo(b));
        var gaps = new GapList();
        int freed = 0;
        foreach (int item in byStart)
        {
            while (freed < byEnd.Length && problem.End[byEnd[freed]] < problem.Start[item])
            {
                int old = byEnd[freed++];
                gaps.Free(offsets[old], problem.Bytes[old]);
            }

            offsets[item] = gaps.Take(problem.Bytes[item]);
        }

        return gaps.Peak;
    }
}
