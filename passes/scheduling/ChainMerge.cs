namespace Dlc.Passes.Scheduling;

/// <summary>
/// Interleaves orders of independent parts so that the peak of the whole is least: each order is cut into runs that are best not interrupted; runs that
/// free memory go first, the ones that rise least ahead, then those that keep memory, the ones that fall furthest from their highest point ahead
/// (Abdel-Wahab and Kameda, 1978; Liu, 1987). Exact where the parts share no buffers.
/// </summary>
internal static class ChainMerge
{
    /// <summary>Merges the orders of the parts.</summary>
    /// <param name="parts">Orders, each with what its steps add to the live bytes and how far these rise while they run.</param>
    public static int[] Run(IReadOnlyList<(int Step, long Net, long Rise)[]> parts)
    {
        var runs = new List<(RunOfSteps Run, int Part, int Index)>();
        for (var p = 0; p < parts.Count; p++)
        {
            var part = Cut(parts[p]);
            runs.AddRange(part.Select((run, i) => (run, p, i)));
        }

        runs.Sort((a, b) => Compare(a.Run, b.Run) is not 0 and var c ? c : a.Part != b.Part ? a.Part.CompareTo(b.Part) : a.Index.CompareTo(b.Index));
        return [.. runs.SelectMany(r => parts[r.Part][r.Run.First..r.Run.End].Select(s => s.Step))];
    }

    /// <summary>Joins neighbours until each run comes before the next one by <see cref="Compare"/> too.</summary>
    private static List<RunOfSteps> Cut((int Step, long Net, long Rise)[] part)
    {
        var runs = new List<RunOfSteps>();
        for (var i = 0; i < part.Length; i++)
        {
            var run = new RunOfSteps(i, i + 1, part[i].Net, part[i].Rise);
            while (runs.Count > 0 && Compare(runs[^1], run) >= 0)
            {
                var before = runs[^1];
                run = new RunOfSteps(before.First, run.End, before.Net + run.Net, Math.Max(before.Rise, before.Net + run.Rise));
                runs.RemoveAt(runs.Count - 1);
            }

            runs.Add(run);
        }

        return runs;
    }

    private static int Compare(RunOfSteps a, RunOfSteps b) => (a.Net < 0, b.Net < 0) switch
    {
        (true, false) => -1,
        (false, true) => 1,
        (true, true) => a.Rise.CompareTo(b.Rise),
        (false, false) => (b.Rise - b.Net).CompareTo(a.Rise - a.Net),
    };

    private readonly record struct RunOfSteps(int First, int End, long Net, long Rise);
}
