namespace Dlc.Runtime.Memory;

/// <summary>
/// First and last step position (both inclusive) of buffers that share a block of memory, with the orders that a planner walks. Known
/// when the executable is loaded; only sizes vary from one signature to the next.
/// </summary>
internal sealed class LifetimeTable
{
    public LifetimeTable(int[] start, int[] end)
    {
        Start = start;
        End = end;
        ByStart = Order(start);
        ByEnd = Order(end);
    }

    public int Count => Start.Length;

    public int[] Start { get; }

    public int[] End { get; }

    /// <summary>Buffers by first position, then by number.</summary>
    public int[] ByStart { get; }

    /// <summary>Buffers by last position, then by number.</summary>
    public int[] ByEnd { get; }

    private static int[] Order(int[] keys)
    {
        var order = new int[keys.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => keys[a] != keys[b] ? keys[a].CompareTo(keys[b]) : a.CompareTo(b));
        return order;
    }
}
