namespace Dlc.Passes.Scheduling;

/// <summary>
/// A <see cref="SchedulingProblem"/> without sizes, as arrays for search. After a set S of steps a buffer is live if it is live from the start or one
/// of its openers is in S, and it is live at the end or one of its closers is not in S. Openers are its writers, closers all steps that mention it, less
/// those that another one of them always comes before or after; the reversed problem, which has the same peaks, swaps them. Live bytes as a function of S are submodular: what a step adds only falls the later
/// it runs. The safe rules of <see cref="SearchSpace"/> rest on that.
/// </summary>
internal sealed class ProblemShape
{
    private ProblemShape(int[][] before, int[][] after, Buffer[] buffers, BufferPair[][] inPlace)
    {
        Before = before;
        After = after;
        Buffers = buffers;
        InPlace = inPlace;
        var touches = new List<Touch>[before.Length];
        for (var s = 0; s < touches.Length; s++)
        {
            touches[s] = [];
        }

        for (var b = 0; b < buffers.Length; b++)
        {
            foreach (var step in buffers[b].Openers)
            {
                touches[step].Add(new Touch(b, Opens: true, Closes: false));
            }

            foreach (var step in buffers[b].Closers)
            {
                if (touches[step] is [.., var last] && last.Buffer == b)
                {
                    touches[step][^1] = last with { Closes = true };
                }
                else
                {
                    touches[step].Add(new Touch(b, Opens: false, Closes: true));
                }
            }
        }

        Touches = [.. touches.Select(t => t.ToArray())];
    }

    public int Count => Before.Length;

    /// <summary>Direct predecessors of each step.</summary>
    public int[][] Before { get; }

    /// <summary>Direct successors of each step.</summary>
    public int[][] After { get; }

    public Buffer[] Buffers { get; }

    public BufferPair[][] InPlace { get; }

    /// <summary>The buffers that each step may open or close.</summary>
    public Touch[][] Touches { get; }

    public static ProblemShape Of(SchedulingProblem problem)
    {
        var before = problem.Steps.Select(s => s.After.Distinct().Order().ToArray()).ToArray();
        var buffers = problem.Buffers.Select(b => new Buffer(
            b.IsLiveIn ? [] : First(b.Writers, before), Last(b.Writers.Concat(b.Readers), before), b.IsLiveIn, b.IsLiveOut));
        return new ProblemShape(before, Successors(before), [.. buffers], [.. problem.Steps.Select(s => s.InPlace.ToArray())]);
    }

    /// <summary>The same problem seen from the end: an order and its reverse have the same peak in the two.</summary>
    public ProblemShape Reverse() => new(
        After, Before, [.. Buffers.Select(b => new Buffer(b.Closers, b.Openers, b.IsLiveOut, b.IsLiveIn))],
        [.. InPlace.Select(pairs => pairs.Select(p => new BufferPair(p.Input, p.Output)).ToArray())]);

    /// <summary>
    /// The problem of ordering some of the steps, given the steps that are done by then. Buffers that stay live throughout are left out.
    /// </summary>
    /// <param name="steps">The steps in an order in which they can run; their positions become the numbers of the new problem's steps.</param>
    /// <param name="isDone">The steps that run before; all others run later. Null where none runs before.</param>
    public Part Extract(int[] steps, Func<int, bool>? isDone)
    {
        var position = new Dictionary<int, int>(steps.Length);
        var inside = new Dictionary<int, (List<int> Openers, List<int> Closers)>();
        var touched = new List<int>();
        for (var i = 0; i < steps.Length; i++)
        {
            position.Add(steps[i], i);
            foreach (var touch in Touches[steps[i]])
            {
                if (!inside.TryGetValue(touch.Buffer, out var lists))
                {
                    inside.Add(touch.Buffer, lists = ([], []));
                    touched.Add(touch.Buffer);
                }

                if (touch.Opens)
                {
                    lists.Openers.Add(i);
                }

                if (touch.Closes)
                {
                    lists.Closers.Add(i);
                }
            }
        }

        var number = new Dictionary<int, int>();
        var originals = new List<int>();
        var buffers = new List<Buffer>();
        foreach (var b in touched)
        {
            var whole = Buffers[b];
            var (openers, closers) = inside[b];
            var isLiveIn = whole.IsLiveIn || (isDone is not null && whole.Openers.Any(isDone));
            var isLiveOut = whole.IsLiveOut || (whole.Closers.Length > closers.Count
                && (isDone is null || whole.Closers.Any(s => !isDone(s) && !position.ContainsKey(s))));
            if ((isLiveIn && isLiveOut) || (!isLiveIn && openers.Count == 0))
            {
                continue;
            }

            number.Add(b, buffers.Count);
            originals.Add(b);
            buffers.Add(new Buffer(isLiveIn ? [] : [.. openers], [.. closers], isLiveIn, isLiveOut));
        }

        int[][] before = [.. steps.Select(step => Before[step].Where(position.ContainsKey).Select(s => position[s]).Order().ToArray())];
        var inPlace = steps.Select(s => InPlace[s]
            .Where(p => number.ContainsKey(p.Output) && number.ContainsKey(p.Input))
            .Select(p => new BufferPair(number[p.Output], number[p.Input])).ToArray()).ToArray();
        return new Part(new ProblemShape(before, Successors(before), [.. buffers], inPlace), steps, [.. originals]);
    }

    /// <summary>The problem with other dependencies and closers; a step without any is out of the problem.</summary>
    public ProblemShape With(int[][] before, IReadOnlyDictionary<int, SortedSet<int>> closers, BufferPair[][] inPlace) => new(
        before, Successors(before),
        [.. Buffers.Select((buffer, b) => closers.TryGetValue(b, out var other) ? buffer with { Closers = [.. other] } : buffer)], inPlace);

    /// <summary>The problem with only some of its steps, numbered anew; all dependencies and mentions are among them.</summary>
    public ProblemShape Select(int[] steps)
    {
        var number = new int[Count];
        Array.Fill(number, -1);
        for (var i = 0; i < steps.Length; i++)
        {
            number[steps[i]] = i;
        }

        int[] Map(int[] old) => [.. old.Where(s => number[s] >= 0).Select(s => number[s])];
        int[][] before = [.. steps.Select(s => Map(Before[s]))];
        return new ProblemShape(before, Successors(before),
            [.. Buffers.Select(b => b with { Openers = Map(b.Openers), Closers = Map(b.Closers) })], [.. steps.Select(s => InPlace[s])]);
    }

    /// <summary>The steps but for those that come directly after another of them: one of the others is done first.</summary>
    private static int[] First(IEnumerable<int> steps, int[][] before)
    {
        var set = steps.ToHashSet();
        return [.. set.Where(s => !before[s].Any(set.Contains)).Order()];
    }

    /// <summary>The steps but for those that come directly before another of them: one of the others is done last.</summary>
    private static int[] Last(IEnumerable<int> steps, int[][] before)
    {
        var set = steps.ToHashSet();
        return [.. set.Except(set.SelectMany(s => before[s])).Order()];
    }

    private static int[][] Successors(int[][] before)
    {
        var after = new List<int>[before.Length];
        for (var s = 0; s < after.Length; s++)
        {
            after[s] = [];
        }

        for (var s = 0; s < before.Length; s++)
        {
            foreach (var p in before[s])
            {
                after[p].Add(s);
            }
        }

        return [.. after.Select(a => a.ToArray())];
    }

    /// <summary>A buffer's openers and closers, ascending.</summary>
    internal sealed record Buffer(int[] Openers, int[] Closers, bool IsLiveIn, bool IsLiveOut);

    /// <summary>A step's part in a buffer.</summary>
    internal readonly record struct Touch(int Buffer, bool Opens, bool Closes);

    /// <summary>A part of a problem with the numbers that its steps and buffers have in the whole.</summary>
    internal sealed record Part(ProblemShape Shape, int[] Steps, int[] Buffers);
}
