namespace Dlc.Passes.Scheduling;

/// <summary>Which steps are done, and what one more would do to the live bytes.</summary>
/// <param name="problem">The problem.</param>
/// <param name="budget">What evaluations are taken from.</param>
internal sealed class DoneSteps(SizedProblem problem, SearchBudget budget)
{
    private readonly ProblemShape _shape = problem.Shape;
    private readonly ulong[] _words = new ulong[(problem.Count + 63) / 64];
    private readonly ulong[]?[] _before = [.. problem.Shape.Before.Select(b => ToSet(b, problem.Count))];
    private readonly ulong[]?[] _openers = [.. problem.Shape.Buffers.Select(b => ToSet(b.Openers, problem.Count))];
    private readonly ulong[]?[] _closers = [.. problem.Shape.Buffers.Select(b => ToSet(b.Closers, problem.Count))];

    /// <summary>A bit a step.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    public void Clear() => Array.Clear(_words);

    public void Set(ulong[] words) => words.CopyTo(_words, 0);

    public void Add(int step) => _words[step >> 6] |= 1UL << (step & 63);

    public void Remove(int step) => _words[step >> 6] &= ~(1UL << (step & 63));

    private bool IsDone(int step) => (_words[step >> 6] & (1UL << (step & 63))) != 0;

    /// <summary>Whether a step is not done and waits for none any more.</summary>
    public bool IsEnabled(int step)
    {
        if (IsDone(step))
        {
            return false;
        }

        if (_before[step] is { } set)
        {
            budget.Spend(set.Length / 16);
            for (var w = set.Length - 1; w >= 0; w--)
            {
                if ((set[w] & ~_words[w]) != 0)
                {
                    return false;
                }
            }

            return true;
        }

        foreach (var before in _shape.Before[step])
        {
            if (!IsDone(before))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Live bytes that a step adds in the end, and how far it rises above what there was while it runs.</summary>
    public (long Net, long Rise) Measure(int step)
    {
        budget.Spend(1 + (_shape.Touches[step].Length / 4));
        long opened = 0, closed = 0;
        foreach (var touch in _shape.Touches[step])
        {
            if (touch.Opens && IsUnopened(touch.Buffer))
            {
                opened += problem.Sizes[touch.Buffer];
            }

            if (touch.Closes && IsLastCloser(touch.Buffer, step))
            {
                closed += problem.Sizes[touch.Buffer];
            }
        }

        long merged = 0;
        var pairs = _shape.InPlace[step];
        for (var i = 0; i < pairs.Length; i++)
        {
            if (CanMerge(pairs[i], step) && !IsTaken(pairs.AsSpan(0, i), pairs[i], step))
            {
                merged += problem.Sizes[pairs[i].Output];
            }
        }

        return (opened - closed, opened + problem.Transient[step] - merged);
    }

    private bool CanMerge(BufferPair pair, int step) => IsUnopened(pair.Output) && IsLastCloser(pair.Input, step);

    private bool IsTaken(ReadOnlySpan<BufferPair> earlier, BufferPair pair, int step)
    {
        foreach (var other in earlier)
        {
            if ((other.Output == pair.Output || other.Input == pair.Input) && CanMerge(other, step))
            {
                return true;
            }
        }

        return false;
    }

    private bool IsUnopened(int buffer)
    {
        var whole = _shape.Buffers[buffer];
        if (whole.IsLiveIn)
        {
            return false;
        }

        if (_openers[buffer] is { } openers)
        {
            budget.Spend(openers.Length / 16);
            for (var w = 0; w < openers.Length; w++)
            {
                if ((openers[w] & _words[w]) != 0)
                {
                    return false;
                }
            }

            return true;
        }

        foreach (var opener in whole.Openers)
        {
            if (IsDone(opener))
            {
                return false;
            }
        }

        return true;
    }

    private bool IsLastCloser(int buffer, int step)
    {
        var whole = _shape.Buffers[buffer];
        if (whole.IsLiveOut)
        {
            return false;
        }

        if (_closers[buffer] is { } closers)
        {
            budget.Spend(closers.Length / 16);
            for (var w = closers.Length - 1; w >= 0; w--)
            {
                var left = closers[w] & ~_words[w];
                if (left != 0 && (w != step >> 6 || left != 1UL << (step & 63)))
                {
                    return false;
                }
            }

            return true;
        }

        // Later steps are more often still to come.
        for (var i = whole.Closers.Length - 1; i >= 0; i--)
        {
            if (whole.Closers[i] != step && !IsDone(whole.Closers[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Long lists of steps as sets; null where the list itself is quicker to look through.</summary>
    private static ulong[]? ToSet(int[] steps, int count)
    {
        if (steps.Length <= 8)
        {
            return null;
        }

        var set = new ulong[(count + 63) / 64];
        foreach (var step in steps)
        {
            set[step >> 6] |= 1UL << (step & 63);
        }

        return set;
    }
}
