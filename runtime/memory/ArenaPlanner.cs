namespace Dlc.Runtime.Memory;

/// <summary>
/// Gives buffers offsets in one block so that buffers alive at the same time never overlap. Two orders are tried, by first use and by
/// falling size, each with best fit; the smaller block wins. Deterministic.
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Every buffer begins at a multiple of this many bytes.</summary>
    public const int Alignment = 64;

    // The order by size looks at all pairs in the worst case; beyond this many buffers planning would cost more than it saves.
    private const int PairLimit = 1024;

    /// <summary>Plans buffers of <paramref name="sizes"/> bytes; a buffer of 0 bytes gets offset 0 and takes no room.</summary>
    /// <param name="table">Lifetimes, one for each buffer.</param>
    /// <param name="sizes">Bytes, not negative.</param>
    /// <param name="offsets">Receives offsets in bytes.</param>
    /// <returns>Bytes of the block.</returns>
    /// <exception cref="OverflowException">The sum does not fit into 64 bits.</exception>
    public static long Plan(LifetimeTable table, ReadOnlySpan<long> sizes, Span<long> offsets)
    {
        var rounded = new long[sizes.Length];
        for (int i = 0; i < rounded.Length; i++)
        {
            rounded[i] = checked(sizes[i] + (Alignment - 1)) & -Alignment;
        }

        long best = PlanInOrder(table, rounded, offsets, out long floor);
        if (best > floor && table.Count <= PairLimit)
        {
            var other = new long[sizes.Length];
            long bytes = PlanBySize(table, rounded, other);
            if (bytes < best)
            {
                other.CopyTo(offsets);
                best = bytes;
            }
        }

        return best;
    }

    private static long PlanInOrder(LifetimeTable table, long[] sizes, Span<long> offsets, out long floor)
    {
        var gaps = new GapList();
        long live = 0;
        floor = 0;
        int freed = 0;
        foreach (int item in table.ByStart)
        {
            while (freed < table.Count && table.End[table.ByEnd[freed]] < table.Start[item])
            {
                int old = table.ByEnd[freed++];
                if (sizes[old] > 0)
                {
                    gaps.Free(offsets[old], sizes[old]);
                    live -= sizes[old];
                }
            }

            offsets[item] = 0;
            if (sizes[item] > 0)
            {
                offsets[item] = gaps.Take(sizes[item]);
                live = checked(live + sizes[item]);
                floor = Math.Max(floor, live);
            }
        }

        return gaps.Peak;
    }

    private static long PlanBySize(LifetimeTable table, long[] sizes, long[] offsets)
    {
        var order = new int[sizes.Length];
        var keys = new long[sizes.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            keys[i] = -sizes[i];
        }

        // Stable by construction: equal sizes keep the order of their numbers.
        Array.Sort(order, (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : a.CompareTo(b));

        // Placed buffers by rising offset.
        var placed = new int[sizes.Length];
        int count = 0;
        long peak = 0;
        foreach (int item in order)
        {
            if (sizes[item] == 0)
            {
                break;
            }

            long size = sizes[item];
            int start = table.Start[item];
            int end = table.End[item];
            long at = 0;
            long bestAt = -1;
            long bestGap = long.MaxValue;
            for (int p = 0; p < count; p++)
            {
                int other = placed[p];
                if (table.Start[other] > end || table.End[other] < start)
                {
                    continue;
                }

                long gap = offsets[other] - at;
                if (gap >= size && gap < bestGap)
                {
                    bestGap = gap;
                    bestAt = at;
                }

                at = Math.Max(at, offsets[other] + sizes[other]);
            }

            long chosen = bestAt >= 0 ? bestAt : at;
            offsets[item] = chosen;
            peak = Math.Max(peak, checked(chosen + size));
            int insert = count;
            while (insert > 0 && offsets[placed[insert - 1]] > chosen)
            {
                placed[insert] = placed[insert - 1];
                insert--;
            }

            placed[insert] = item;
            count++;
        }

        return peak;
    }
}
