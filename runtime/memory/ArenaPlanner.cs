namespace Dlc.Runtime.Memory;

/// <summary>
/// Gives buffers offsets in one block so that buffers alive at the same time never overlap. Several orders of placing are tried (by first use, size, size
/// times lifetime, lifetime, crowd), each with best fit and with lowest fit; then the best of them is changed step by step where it is too high, until
/// the sum of what is alive is reached or a budget of operations is spent. Deterministic: the budget counts operations, not time.
/// </summary>
internal sealed class ArenaPlanner
{
    /// <summary>Every buffer begins at a multiple of this many bytes.</summary>
    public const int Alignment = 64;

    /// <summary>Looks at placed buffers that a plan may cost: about two milliseconds.</summary>
    public const long DefaultBudget = 400_000;

    private readonly ArenaProblem _problem;
    private readonly ConflictTable _conflicts;
    private readonly long _bound;
    private readonly long[] _best;
    private readonly long[] _offsets;
    private readonly int[] _items;

    // Of the buffers that the one at hand meets: where those begin and end that are placed, by rising offset.
    private readonly long[] _from;
    private readonly long[] _to;
    private readonly bool[] _isPlaced;
    private readonly List<int> _over = [];
    private long _peak = long.MaxValue;
    private long _budget;
    private ulong _random = 0x9E3779B97F4A7C15;

    private ArenaPlanner(ArenaProblem problem, ConflictTable conflicts, int[] items, long bound, long[] offsets, long budget)
    {
        _problem = problem;
        _conflicts = conflicts;
        _bound = bound;
        _best = offsets;
        _offsets = [.. offsets];
        _items = items;
        _from = new long[problem.Count];
        _to = new long[problem.Count];
        _isPlaced = new bool[problem.Count];
        _budget = budget;
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
        int[] items = [.. Enumerable.Range(problem.Fixed, problem.Count - problem.Fixed).Where(i => problem.Bytes[i] > 0)];
        long peak = 0;
        for (int i = 0; i < problem.Fixed; i++)
        {
            peak = Math.Max(peak, offsets[i] + problem.Bytes[i]);
        }

        if (items.Length == 0)
        {
            return peak;
        }

        // Room below the wall is there anyway.
        long bound = Math.Max(Math.Max(peak, problem.Wall), problem.LowerBound());
        bool isFree = problem is { Fixed: 0, Wall: 0 };
        peak = isFree ? FirstUsePlanner.Plan(problem, items, offsets) : long.MaxValue;
        if (peak <= bound)
        {
            return peak;
        }

        // Programs of very many buffers are left at the plan by first use: all else takes time that grows with those that meet.
        var conflicts = ConflictTable.Of(problem, isFree ? 4 * budget : long.MaxValue);
        return conflicts is null ? peak : new ArenaPlanner(problem, conflicts, items, bound, offsets, budget).Run(peak);
    }

    private long Run(long peak)
    {
        var p = _problem;
        _peak = peak;
        int[]? winner = null;
        bool winnerFitsBest = true;
        Func<int, (double, double)>[] keys =
        [
            i => (-p.Bytes[i], p.Start[i]),
            i => (-(double)p.Bytes[i] * (p.End[i] - p.Start[i] + 1), -p.Bytes[i]),
            i => (-_conflicts.Crowd(i), -p.Bytes[i]),
            i => (-(p.End[i] - p.Start[i]), -p.Bytes[i]),
            i => (p.Start[i], -p.Bytes[i]),
        ];
        long least = long.MaxValue;
        foreach (var key in keys)
        {
            int[] order = Sorted(key);
            foreach (bool fitsBest in (ReadOnlySpan<bool>)[true, false])
            {
                long height = Place(order, fitsBest);
                Keep(height);
                if (height < least)
                {
                    (least, winner, winnerFitsBest) = (height, order, fitsBest);
                }

                if (_peak <= _bound || (_budget < 0 && _peak < long.MaxValue))
                {
                    return _peak;
                }
            }
        }

        Climb(winner!, winnerFitsBest);
        return _peak;
    }

    private int[] Sorted(Func<int, (double, double)> key)
    {
        // Stable by construction: equal keys keep the order of their numbers.
        var keys = Array.ConvertAll(_items, i => (key(i), i));
        Array.Sort(keys);
        return Array.ConvertAll(keys, k => k.i);
    }

    private void Keep(long peak)
    {
        if (peak < _peak)
        {
            _peak = peak;
            _offsets.CopyTo(_best, 0);
        }
    }

    /// <summary>
    /// Again and again: a buffer that reaches over the bound, or one that it meets, changes places with an earlier one or moves before it. What does not
    /// reach over the bound by more in sum is kept: where layers repeat, each is mended for itself, and plateaus are crossed.
    /// </summary>
    private void Climb(int[] winner, bool fitsBest)
    {
        int[] order = [.. winner];
        var next = new int[order.Length];
        Place(order, fitsBest);
        double current = Excess();
        while (_peak > _bound && _budget > 0)
        {
            // Not there: a buffer that lies where it is for good.
            int from = Array.IndexOf(order, ChooseMoved());
            int to = from <= 0 ? from : Next(from + 1);
            _budget -= 1 + (order.Length / 4);
            if (to == from)
            {
                continue;
            }

            order.CopyTo(next, 0);
            if (Next(2) == 0)
            {
                (next[from], next[to]) = (next[to], next[from]);
            }
            else
            {
                Array.Copy(order, to, next, to + 1, from - to);
                next[to] = order[from];
            }

            Keep(Place(next, fitsBest));
            double excess = Excess();
            if (excess <= current)
            {
                (order, next) = (next, order);
                current = excess;
            }
        }
    }

    /// <summary>The sum of bytes by which buffers reach over the bound; <see cref="_over"/> lists them.</summary>
    private double Excess()
    {
        double sum = 0;
        _over.Clear();
        foreach (int item in _items)
        {
            long excess = _offsets[item] + _problem.Bytes[item] - _bound;
            if (excess > 0)
            {
                sum += excess;
                _over.Add(item);
            }
        }

        return sum;
    }

    /// <summary>A buffer that reached over the bound at the last look, one that it meets, or one that meets that one.</summary>
    private int ChooseMoved()
    {
        int chosen = _over[Next(_over.Count)];
        for (int steps = Next(3); steps > 0 && _conflicts[chosen].Length > 0; steps--)
        {
            var meets = _conflicts[chosen];
            chosen = meets[Next(meets.Length)];
        }

        return chosen;
    }

    private int Next(int count)
    {
        _random ^= _random << 13;
        _random ^= _random >> 7;
        _random ^= _random << 17;
        return (int)(_random % (ulong)count);
    }

    /// <summary>
    /// Places the buffers one after the other: each in the smallest gap that holds it, or in the lowest, else above what it meets. Gives the height.
    /// </summary>
    private long Place(int[] order, bool fitsBest)
    {
        var p = _problem;
        Array.Clear(_isPlaced);
        long peak = 0;
        for (int i = 0; i < p.Fixed; i++)
        {
            _isPlaced[i] = p.Bytes[i] > 0;
            peak = Math.Max(peak, _offsets[i] + p.Bytes[i]);
        }

        foreach (int item in order)
        {
            int count = CollectPlaced(item);
            long size = p.Bytes[item];
            long at = 0;
            long bestAt = -1;
            long bestGap = long.MaxValue;
            for (int n = 0; n <= count && (fitsBest || bestAt < 0); n++)
            {
                Offer(at, n < count ? _from[n] : long.MaxValue, size, ref bestAt, ref bestGap);
                at = n < count ? Math.Max(at, _to[n]) : at;
            }

            _offsets[item] = bestAt;
            _isPlaced[item] = true;
            peak = Math.Max(peak, checked(bestAt + size));
        }

        return peak;
    }

    /// <summary>Collects the ranges of placed buffers that a buffer meets, by rising offset.</summary>
    private int CollectPlaced(int item)
    {
        int count = 0;
        foreach (int other in _conflicts[item])
        {
            if (!_isPlaced[other])
            {
                continue;
            }

            long offset = _offsets[other];
            int at = count++;
            while (at > 0 && _from[at - 1] > offset)
            {
                _from[at] = _from[at - 1];
                _to[at] = _to[at - 1];
                at--;
                _budget--;
            }

            _from[at] = offset;
            _to[at] = offset + _problem.Bytes[other];
        }

        _budget -= count + 4;
        return count;
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
}
