namespace Dlc.Passes.Scheduling;

/// <summary>
/// A problem without the steps whose place is clear, which would hide where it falls apart. A step that opens nothing and that nobody waits for (a
/// result that goes to the caller) runs best as soon as it can; a step that closes nothing and waits for nobody (a mask that is made of sizes) runs best
/// right before the first step that waits for it. The two are one rule, seen from the two ends.
/// </summary>
internal sealed class Contraction
{
    private readonly ProblemShape _full;
    private readonly int[] _kept;
    private readonly bool[] _isEarly;

    private Contraction(ProblemShape full, ProblemShape shape, int[] kept, bool[] isEarly)
    {
        _full = full;
        Shape = shape;
        _kept = kept;
        _isEarly = isEarly;
    }

    /// <summary>What is left, with steps numbered anew and all buffers.</summary>
    public ProblemShape Shape { get; }

    /// <summary>Takes steps out of a problem.</summary>
    /// <param name="full">The problem.</param>
    /// <param name="isFixed">Steps that stay: those with bytes that exist only while they run.</param>
    public static Contraction Of(ProblemShape full, bool[] isFixed)
    {
        var isGone = new bool[full.Count];
        var isEarly = new bool[full.Count];
        var shape = full;
        var hasChanged = true;
        while (hasChanged)
        {
            hasChanged = RemoveEnds(ref shape, isFixed, isGone, isEarly, early: true);
            var reversed = shape.Reverse();
            if (RemoveEnds(ref reversed, isFixed, isGone, isEarly, early: false))
            {
                hasChanged = true;
                shape = reversed.Reverse();
            }
        }

        int[] kept = [.. Enumerable.Range(0, full.Count).Where(s => !isGone[s])];
        return new Contraction(full, kept.Length == full.Count ? full : shape.Select(kept), kept, isEarly);
    }

    /// <summary>The steps that are left, in a given order of all.</summary>
    public int[] Contract(ReadOnlySpan<int> order)
    {
        var number = new int[_full.Count];
        Array.Fill(number, -1);
        for (var i = 0; i < _kept.Length; i++)
        {
            number[_kept[i]] = i;
        }

        var result = new List<int>(_kept.Length);
        foreach (var step in order)
        {
            if (number[step] >= 0)
            {
                result.Add(number[step]);
            }
        }

        return [.. result];
    }

    /// <summary>The sizes of what is left.</summary>
    public SizedProblem Contract(SizedProblem sized) => new(Shape, sized.Sizes, [.. _kept.Select(s => sized.Transient[s])]);

    /// <summary>All steps, given an order of those that are left.</summary>
    public int[] Expand(ReadOnlySpan<int> order)
    {
        var result = new List<int>(_full.Count);
        var isDone = new bool[_full.Count];
        var waits = new int[_full.Count];
        for (var s = 0; s < waits.Length; s++)
        {
            waits[s] = _full.Before[s].Length;
        }

        // What can run at once without costing anything, before what has to wait.
        for (var s = 0; s < waits.Length; s++)
        {
            if (waits[s] == 0 && _isEarly[s])
            {
                Run(s);
            }
        }

        foreach (var step in order)
        {
            Need(_kept[step]);
        }

        for (var s = 0; s < waits.Length; s++)
        {
            Need(s);
        }

        return [.. result];

        void Need(int wanted)
        {
            var pending = new Stack<int>([wanted]);
            while (pending.TryPeek(out var step))
            {
                var count = pending.Count;
                foreach (var before in _full.Before[step])
                {
                    if (!isDone[before])
                    {
                        pending.Push(before);
                    }
                }

                if (pending.Count == count)
                {
                    pending.Pop();
                    Run(step);
                }
            }
        }

        void Run(int first)
        {
            var pending = new Stack<int>([first]);
            while (pending.TryPop(out var step))
            {
                if (isDone[step])
                {
                    continue;
                }

                isDone[step] = true;
                result.Add(step);
                foreach (var next in _full.After[step])
                {
                    if (--waits[next] == 0 && _isEarly[next])
                    {
                        pending.Push(next);
                    }
                }
            }
        }
    }

    /// <summary>Removes steps that open nothing and have no successors; the steps before them keep open what they read.</summary>
    private static bool RemoveEnds(ref ProblemShape shape, bool[] isFixed, bool[] isGone, bool[] isEarly, bool early)
    {
        var waits = shape.After.Select(a => a.Length).ToArray();
        var candidates = new Stack<int>(Enumerable.Range(0, shape.Count).Where(s => waits[s] == 0 && !isGone[s]));
        var before = shape.Before.ToArray();
        var closers = new Dictionary<int, SortedSet<int>>();
        var inPlace = shape.InPlace.ToArray();
        var closed = shape.Touches.Select(touches => touches.Where(t => t.Closes).Select(t => t.Buffer).ToHashSet()).ToArray();
        var hasChanged = false;
        while (candidates.TryPop(out var step))
        {
            if (isFixed[step] || shape.Touches[step].Any(t => t.Opens) || (before[step].Length == 0 && closed[step].Count > 0))
            {
                continue;
            }

            hasChanged = true;
            isGone[step] = true;
            isEarly[step] = early;
            foreach (var buffer in closed[step])
            {
                if (!closers.TryGetValue(buffer, out var set))
                {
                    closers.Add(buffer, set = [.. shape.Buffers[buffer].Closers]);
                }

                set.Remove(step);
                set.UnionWith(before[step]);
                foreach (var p in before[step])
                {
                    // The removed step still reads the buffer after this one.
                    closed[p].Add(buffer);
                    inPlace[p] = [.. inPlace[p].Where(pair => pair.Input != buffer)];
                }
            }

            foreach (var p in before[step])
            {
                if (--waits[p] == 0)
                {
                    candidates.Push(p);
                }
            }

            before[step] = [];
        }

        if (hasChanged)
        {
            shape = shape.With(before, closers, inPlace);
        }

        return hasChanged;
    }
}
