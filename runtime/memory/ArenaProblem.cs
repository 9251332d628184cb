namespace Dlc.Runtime.Memory;

/// <summary>
/// Buffers that want places in one block. Two that are alive at one place of the order must not overlap. Some may lie already where they are.
/// </summary>
internal sealed class ArenaProblem
{
    /// <summary>First place of each buffer.</summary>
    public required int[] Start { get; init; }

    /// <summary>Last place of each buffer, inclusive.</summary>
    public required int[] End { get; init; }

    /// <summary>Bytes of each buffer: a multiple of <see cref="ArenaPlanner.Alignment"/>; 0 for one that takes no room.</summary>
    public required long[] Bytes { get; init; }

    /// <summary>The first so many buffers lie where their offsets say.</summary>
    public int Fixed { get; init; }

    /// <summary>No buffer may lie on both sides of this offset.</summary>
    public long Wall { get; init; }

    public int Count => Start.Length;

    /// <summary>Bytes rounded up so that the next buffer is aligned.</summary>
    /// <exception cref="OverflowException">More than 63 bits.</exception>
    public static long Round(long bytes) => checked(bytes + (ArenaPlanner.Alignment - 1)) & -ArenaPlanner.Alignment;

    public bool Meet(int a, int b) => Start[a] <= End[b] && Start[b] <= End[a];

    /// <summary>The largest sum of bytes over buffers alive at one place.</summary>
    /// <exception cref="OverflowException">More than 63 bits.</exception>
    public long LowerBound()
    {
        int places = 0;
        for (int i = 0; i < Count; i++)
        {
            places = Bytes[i] > 0 ? Math.Max(places, End[i] + 2) : places;
        }

        var change = new long[places];
        for (int i = 0; i < Count; i++)
        {
            if (Bytes[i] > 0)
            {
                change[Start[i]] = checked(change[Start[i]] + Bytes[i]);
                change[End[i] + 1] = checked(change[End[i] + 1] - Bytes[i]);
            }
        }

        long live = 0;
        long most = 0;
        foreach (long step in change)
        {
            live = checked(live + step);
            most = Math.Max(most, live);
        }

        return most;
    }
}
