namespace Dlc.Runtime.Memory;

/// <summary>
/// Gives buffers offsets in one block so that buffers alive at the same time never overlap. Several orders of placing are tried, each with best fit (by
/// first use, size, size times lifetime), then the best of them is changed step by step where it is too high, until the sum of what is alive is
/// reached or a budget of operations is spent. Deterministic: the budget counts operations, not time.
/// </summary>
internal sealed class ArenaPlanner
{
    /// <summary>Every buffer begins at a multiple of this many bytes.</summary>
    public const int Alignment = 64;

    /// <summary>Looks at placed buffers that a plan may cost: about two milliseconds.</summary>
    public const long DefaultBudget = 1_000_000;

    private readonly ArenaProblem _problem;
    private readonly long _bound;
    private readonly long[] _best;
    private readonly long[] _offsets;
    private readonly int[] _placed;
    private readonly int[] _items;
    private long _peak = long.MaxValue;
    private long _budget;

    private ArenaPlanner(ArenaProblem problem, long[] offsets, long budget)
    {
        _problem = problem;
        _bound = problem.LowerBound();
        _best = offsets;
        _offsets = [.. offsets];
        _placed = new int[problem.Count];
        _budget = budget;
        _items = [.. Enumerable.Range(problem.Fixed, problem.Count - problem.Fixed).Where(i => problem.Bytes[i] > 0)];
    }

    /// <summary>Plans; a buffer of 0 bytes gets offset 0 and takes no room.</summary>
    /// <param name="problem">The buffers.</param>
    /// <param name="offsets">Those of fixed buffers; receives the others, in bytes.</param>
    /// <param name="budget">Operations to spend on finding a smaller block than the first attempts gave.</param>
    /// <returns>Bytes of the block: the highest end of a buffer.</returns>
    /// <exception cref="OverflowException">The sum does not fit into 64 bits.</exception>
    public static long Plan(ArenaProblem problem, long[] offsets, long budget = DefaultBudget)
    {
        Array.Clear(offsets, problem.Fixed, problem.Count - problem.Fixed);
        return new ArenaPlanner(problem, offsets, budget).Run();
    }

    private long Run()
    {
        if (_items.Length == 0)
        {
            return FixedPeak();
        }

        var p = _problem;
        if (p.Fixed == 0 && p.Wall == 0)
        {
            _peak = FirstUsePlanner.Plan(p, _items, _best);
        }

        int[] winner = Sorted(i => p.Start[i], i => -p.Bytes[i]);
        if (p.Fixed > 0 || p.Wall > 0)
        {
            Try(winner);
        }

        // Without this the work grows with the square of the buffers: large programs are left at the plan by first use.
        if (_peak > _bound && (long)_items.Length * p.Count <= 4 * _budget)
        {
            foreach (int[] order in new[]
            {
                Sorted(i => -p.Bytes[i], i => p.Start[i]),
                Sorted(i => -(double)p.Bytes[i] * (p.End[i] - p.Start[i] + 1), i => -p.Bytes[i]),
                Sorted(i => -(p.End[i] - p.Start[i]), i => -p.Bytes[i]),
            })
            {
                if (_peak > _bound && Try(order))
                {
                    winner = order;
                }
            }

            Climb(winner);
        }

        return _peak;
    }

    private long FixedPeak()
    {
        long peak = 0;
        for (int i = 0; i < _problem.Fixed; i++)
        {
            peak = Math.Max(peak, _best[i] + _problem.Bytes[i]);
        }

        return peak;
    }

    private int[] Sorted(Func<int, double> first, Func<int, double> second)
    {
        // Stable by construction: equal keys keep the order of their numbers.
        var keys = _items.Select(i => (first(i), second(i), i)).ToArray();
        Array.Sort(keys);
        return [.. keys.Select(k => k.i)];
    }

    /// <summary>Places in an order and keeps the result if it is the lowest so far.</summary>
    private bool Try(int[] order)
    {
        long peak = Place(order);
        if (peak >= _peak)
        {
            return false;
        }

        _peak = peak;
        _offsets.CopyTo(_best, 0);
        return true;
    }

    /// <summary>
    /// Again and again: a buffer at the top, or one that it meets, is placed earlier. What is not worse is kept, so that plateaus are crossed.
    /// </summary>
    private void Climb(int[] winner)
    {
        int[] order = [.. winner];
        var next = new int[order.Length];
        long current = Place(order);
        ulong state = 0x9E3779B97F4A7C15;
        while (_peak > _bound && _budget > 0)
        {
            int from = PositionAtTop(order, ref state);
            int to = Next(ref state, from + 1);
            if (to == from)
            {
                _budget--;
                continue;
            }

            Array.Copy(order, next, to);
            next[to] = order[from];
            Array.Copy(order, to, next, to + 1, from - to);
            Array.Copy(order, from + 1, next, from + 1, order.Length - from - 1);
            long peak = Place(next);
            if (peak <= current)
            {
                (order, next) = (next, order);
                current = peak;
                if (peak < _peak)
                {
                    _peak = peak;
                    _offsets.CopyTo(_best, 0);
                }
            }
            else
            {
                Array.Copy(order, next, order.Length);
            }
        }
    }

    /// <summary>The position in the order of a buffer that reaches highest, or of one that is alive together with it.</summary>
    private int PositionAtTop(int[] order, ref ulong state)
    {
        int top = order[0];
        foreach (int item in order)
        {
            if (_offsets[item] + _problem.Bytes[item] > _offsets[top] + _problem.Bytes[top])
            {
                top = item;
            }
        }

        _budget -= order.Length;
        if (Next(ref state, 2) == 0)
        {
            return Array.IndexOf(order, top);
        }

        int start = Next(ref state, order.Length);
        for (int n = 0; n < order.Length; n++)
        {
            int position = (start + n) % order.Length;
            if (_problem.Meet(order[position], top))
            {
                return position;
            }
        }

        return Array.IndexOf(order, top);
    }

    private static int Next(ref ulong state, int count)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return (int)(state % (ulong)count);
    }

    /// <summary>Places the buffers one after the other, each in the smallest gap that holds it, else above what it meets.</summary>
    private long Place(int[] order)
    {
        var p = _problem;
        int count = 0;
        long peak = 0;
        for (int i = 0; i < p.Fixed; i++)
        {
            if (p.Bytes[i] > 0)
            {
                count = Insert(i, count);
                peak = Math.Max(peak, _offsets[i] + p.Bytes[i]);
            }
        }

        foreach (int item in order)
        {
            long size = p.Bytes[item];
            int start = p.Start[item];
            int end = p.End[item];
            long at = 0;
            long bestAt = -1;
            long bestGap = long.MaxValue;
            for (int n = 0; n < count; n++)
            {
                int other = _placed[n];
                if (p.Start[other] > end || p.End[other] < start)
                {
                    continue;
                }

                Offer(at, _offsets[other], size, ref bestAt, ref bestGap);
                at = Math.Max(at, _offsets[other] + p.Bytes[other]);
            }

            Offer(at, long.MaxValue, size, ref bestAt, ref bestGap);
            _budget -= count;
            _offsets[item] = bestAt;
            peak = Math.Max(peak, checked(bestAt + size));
            count = Insert(item, count);
        }

        return peak;
    }

    /// <summary>Takes the free range from <paramref name="from"/> to <paramref name="to"/> if it holds the size and is the smallest that does.</summary>
    private void Offer(long from, long to, long size, ref long bestAt, ref long bestGap)
    {
        if (from < _problem.Wall && size > _problem.Wall - from)
        {
            from = _problem.Wall;
        }
        else if (from < _problem.Wall && to > _problem.Wall)
        {
            // What lies below the wall is there anyway.
            to = _problem.Wall;
        }

        long gap = to - from;
        if (gap >= size && (bestAt < 0 || gap < bestGap))
        {
            bestGap = gap;
            bestAt = from;
        }
    }

    private int Insert(int item, int count)
    {
        int at = count;
        while (at > 0 && _offsets[_placed[at - 1]] > _offsets[item])
        {
            _placed[at] = _placed[at - 1];
            at--;
        }

        _placed[at] = item;
        return count + 1;
    }
}
