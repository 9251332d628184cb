namespace Dlc.Runtime.Memory;

/// <summary>
/// Decides when an arena that once had to be large is made smaller: after a number of runs that all needed less than half of it, to what
/// the largest of them needed; and at once, where it is larger than what may be kept.
/// </summary>
internal struct ArenaPolicy(int runsBeforeTrim, long kept = long.MaxValue)
{
    private int _small;
    private long _largest;

    /// <summary>Notes a run and says how large the arena shall be from now on; <paramref name="capacity"/> to leave it.</summary>
    public long After(long needed, long capacity)
    {
        capacity = Math.Min(capacity, kept);
        if (runsBeforeTrim <= 0 || needed > capacity / 2 || capacity <= 1 << 16)
        {
            _small = 0;
            _largest = 0;
            return capacity;
        }

        _largest = Math.Max(_largest, needed);
        if (++_small < runsBeforeTrim)
        {
            return capacity;
        }

        long result = _largest;
        _small = 0;
        _largest = 0;
        return result;
    }
}
