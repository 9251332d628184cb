using System.Runtime.CompilerServices;

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

    /// <summary>What a plan may cost, in looks at four placed buffers each: about four milliseconds.</summary>
    public const long DefaultBudget = 400_000;

    // Above this, buffers are left where the first use of each puts them.
    private const long MostPairs = 4 * DefaultBudget;

    private readonly ArenaProblem _problem;
    private readonly long _bound;
    private readonly long _enough;
    private readonly long[] _best;
    private readonly long[] _offsets;
    private readonly int[] _items;
    private readonly double[] _crowds;

    // The placed buffers by rising offset: where they begin and end, and when. Side by side, because they are walked for every buffer.
    private readonly long[] _from;
    private readonly long[] _to;
    private readonly int[] _starts;
    private readonly int[] _ends;
    private readonly int[] _meets;
    private int _placed;
    private readonly List<int> _over = [];
    private long _peak = long.MaxValue;
    private long _budget;
    private ulong _random = 0x9E3779B97F4A7C15;

    private ArenaPlanner(ArenaProblem problem, double[] crowds, int[] items, long bound, long enough, long[] offsets, long budget)
    {
        _problem = problem;
        _crowds = crowds;
        _bound = bound;
        _enough = Math.Max(bound, enough);
        _best = offsets;
        _offsets = [.. offsets];
        _items = items;
        _from = new long[problem.Count];
        _to = new long[problem.Count];
        _starts = new int[problem.Count];
        _ends = new int[problem.Count];
        _meets = new int[problem.Count];
        _budget = budget;
    }

    /// <summary>Plans; a buffer of 0 bytes gets offset 0 and takes no room.</summary>
    /// <param name="problem">The buffers.</param>
    /// <param name="offsets">Those of fixed buffers; receives the others, in bytes.</param>
    /// <param name="budget">Operations to spend on finding a smaller block than the first attempts gave.</param>
    /// <param name="enough">The search ends at the first block of at most so many bytes; which blocks it comes by does not depend on it.</param>
    /// <returns>Bytes of the block: the highest end of a buffer.</returns>
    /// <exception cref="OverflowException">The sum does not fit into 64 bits.</exception>
    public static long Plan(ArenaProblem problem, long[] offsets, long budget = DefaultBudget, long enough = 0)
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
        if (peak <= Math.Max(bound, enough))
        {
            return peak;
        }

        // Programs of very many buffers are left at the plan by first use: all else takes time that grows with those that meet.
        var (pairs, crowds) = Crowds.Of(problem);
        return isFree && pairs > MostPairs ? peak : new ArenaPlanner(problem, crowds, items, bound, enough, offsets, budget).Run(peak);
    }

    private long Run(long peak)
    {
        var p = _problem;
        _peak = peak;
        int[]? winner = null;
        bool winnerFitsBest = true;
        Func<int, double>[] keys =
        [
            i => -p.Bytes[i],
            i => -(double)p.Bytes[i] * (p.End[i] - p.Start[i] + 1),
            i => -_crowds[i],
            i => p.Start[i] - p.End[i],
            i => p.Start[i],
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

                if (_peak <= _enough || (_budget < 0 && _peak < long.MaxValue))
                {
                    return _peak;
                }
            }
        }

        Climb(winner!, winnerFitsBest);
        return _peak;
    }

    private int[] Sorted(Func<int, double> key)
    {
        var keys = new double[_problem.Count];
        foreach (int item in _items)
        {
            keys[item] = key(item);
        }

        // Total, so that the result does not hang on the way of sorting: larger ones first, then by beginning.
        int[] order = [.. _items];
        Array.Sort(order, (a, b) =>
        {
            int by = keys[a].CompareTo(keys[b]);
            by = by != 0 ? by : _problem.Bytes[b].CompareTo(_problem.Bytes[a]);
            by = by != 0 ? by : _problem.Start[a].CompareTo(_problem.Start[b]);
            return by != 0 ? by : a.CompareTo(b);
        });
        return order;
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
        while (_peak > _enough && _budget > 0)
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
        for (int steps = Next(3); steps > 0; steps--)
        {
            int count = 0;
            for (int other = 0; other < _problem.Count; other++)
            {
                _meets[count] = other;
                count += other != chosen && _problem.Bytes[other] > 0 && _problem.Meet(chosen, other) ? 1 : 0;
            }

            if (count == 0)
            {
                break;
            }

            chosen = _meets[Next(count)];
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long Place(int[] order, bool fitsBest)
    {
        var p = _problem;
        _placed = 0;
        long peak = 0;
        for (int i = 0; i < p.Fixed; i++)
        {
            if (p.Bytes[i] > 0)
            {
                Insert(i);
            }

            peak = Math.Max(peak, _offsets[i] + p.Bytes[i]);
        }

        foreach (int item in order)
        {
            long size = p.Bytes[item];
            _offsets[item] = fitsBest || p.Wall > 0 ? FindGap(item, size, fitsBest) : FindLowest(item, size);
            Insert(item);
            peak = Math.Max(peak, checked(_offsets[item] + size));
            _budget -= 4 + (_placed / 4);
        }

        return peak;
    }

    /// <summary>The lowest offset at which a buffer meets none that is placed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long FindLowest(int item, long size)
    {
        var starts = _starts.AsSpan(0, _placed);
        var ends = _ends.AsSpan(0, starts.Length);
        var from = _from.AsSpan(0, starts.Length);
        var to = _to.AsSpan(0, starts.Length);
        var (start, end) = (_problem.Start[item], _problem.End[item]);
        long at = 0;
        for (int n = 0; n < starts.Length; n++)
        {
            long apart = Apart(starts[n], ends[n], start, end);
            if (((from[n] - at - size) | apart) >= 0)
            {
                break;
            }

            at = Math.Max(at, to[n] & ~apart);
        }

        return at;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private long FindGap(int item, long size, bool fitsBest)
    {
        var starts = _starts.AsSpan(0, _placed);
        var ends = _ends.AsSpan(0, starts.Length);
        var from = _from.AsSpan(0, starts.Length);
        var to = _to.AsSpan(0, starts.Length);
        var (start, end) = (_problem.Start[item], _problem.End[item]);
        long at = 0;
        long bestAt = -1;
        long bestGap = long.MaxValue;
        for (int n = 0; n < starts.Length; n++)
        {
            long apart = Apart(starts[n], ends[n], start, end);
            if (((from[n] - at - size) | apart) >= 0)
            {
                Offer(at, from[n], size, ref bestAt, ref bestGap);
                if (!fitsBest && bestAt >= 0)
                {
                    return bestAt;
                }
            }

            at = Math.Max(at, to[n] & ~apart);
        }

        Offer(at, long.MaxValue, size, ref bestAt, ref bestGap);
        return bestAt;
    }

    /// <summary>All ones where two buffers are never alive together, else 0: without branches, which would be foreseen every other time.</summary>
    private static long Apart(int startA, int endA, int startB, int endB) => ((endB - startA) | (endA - startB)) >> 31;

    /// <summary>Adds a buffer to those that are placed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Insert(int item)
    {
        long offset = _offsets[item];
        int low = 0;
        int high = _placed;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _from[middle] < offset ? (middle + 1, high) : (low, middle);
        }

        int moved = _placed - low;
        Array.Copy(_from, low, _from, low + 1, moved);
        Array.Copy(_to, low, _to, low + 1, moved);
        Array.Copy(_starts, low, _starts, low + 1, moved);
        Array.Copy(_ends, low, _ends, low + 1, moved);
        (_from[low], _to[low]) = (offset, offset + _problem.Bytes[item]);
        (_starts[low], _ends[low]) = (_problem.Start[item], _problem.End[item]);
        _placed++;
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
