namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// Which values the steps of a program touch, in one order: all that is known of them before sizes are. Values are the roots of views: one
/// number for all that lies in the same bytes.
/// </summary>
internal sealed class StepTopology
{
    private readonly int[] _firstGap;
    private readonly int[] _valueOfGap;

    /// <summary>Looks through the steps.</summary>
    /// <param name="reads">By step, the values that it reads, each once.</param>
    /// <param name="writes">By step, the values that it writes, each once.</param>
    /// <param name="inPlace">By step, pairs (written, read) where the written value may take the bytes of the other when that is not needed any more.</param>
    /// <param name="isRepeatable">By step: running it again gives the same bits and has no other effect.</param>
    /// <param name="isResident">By value: there from the start and outside the arena (inputs, weights, state).</param>
    /// <param name="isKept">By value: must be there after the last step.</param>
    /// <param name="isCandidate">By value: may leave before its last use.</param>
    public StepTopology(
        int[][] reads, int[][] writes, (int Written, int Read)[][] inPlace, bool[] isRepeatable, bool[] isResident, bool[] isKept, bool[] isCandidate)
    {
        (Reads, Writes, InPlace, IsRepeatable, IsResident, IsKept) = (reads, writes, inPlace, isRepeatable, isResident, isKept);
        var values = isResident.Length;
        var touches = new List<int>[values];
        var writers = new List<int>[values];
        for (var v = 0; v < values; v++)
        {
            (touches[v], writers[v]) = ([], []);
        }

        for (var k = 0; k < reads.Length; k++)
        {
            foreach (var v in writes[k])
            {
                writers[v].Add(k);
                touches[v].Add(k);
            }

            foreach (var v in reads[k])
            {
                if (touches[v].Count == 0 || touches[v][^1] != k)
                {
                    touches[v].Add(k);
                }
            }
        }

        _firstGap = new int[values + 1];
        var evictable = new List<bool>();
        var retainable = new List<bool>();
        for (var v = 0; v < values; v++)
        {
            if (isKept[v] && !isResident[v])
            {
                touches[v].Add(reads.Length);
            }

            _firstGap[v] = evictable.Count;
            for (var i = 0; i + 1 < touches[v].Count; i++)
            {
                // Between its writers a value is not whole.
                evictable.Add(!isResident[v] && isCandidate[v] && writers[v].Count > 0 && touches[v][i] >= writers[v][^1]
                    && touches[v][i + 1] > touches[v][i] + 1);
                retainable.Add(false);
            }

            if (touches[v].Count > 0)
            {
                evictable.Add(false);
                retainable.Add(!isResident[v] && !isKept[v]);
            }
        }

        _firstGap[values] = evictable.Count;
        Touches = [.. touches.Select(t => t.ToArray())];
        Writers = [.. writers.Select(w => w.ToArray())];
        IsEvictable = [.. evictable];
        IsRetainable = [.. retainable];
        _valueOfGap = new int[evictable.Count];
        for (var v = 0; v < values; v++)
        {
            _valueOfGap.AsSpan(_firstGap[v].._firstGap[v + 1]).Fill(v);
        }

        ArenaReads = [.. reads.Select(r => r.Where(v => !isResident[v]).ToArray())];
        ArenaWrites = [.. writes.Select(w => w.Where(v => !isResident[v]).ToArray())];
        CanRecompute = new bool[values];
        for (var v = 0; v < values; v++)
        {
            // A step that writes a part of one value and all of another cannot be run again for one of them alone.
            CanRecompute[v] = !isResident[v] && Writers[v].Length > 0
                && Array.TrueForAll(Writers[v], k => isRepeatable[k] && Array.TrueForAll(writes[k], o => IsRepeatedWith(o, v, k)));
        }
    }

    public int Steps => Reads.Length;

    public int Values => IsResident.Length;

    /// <summary>Pairs of neighbouring touches, and the time after the last, over all values.</summary>
    public int Gaps => IsEvictable.Length;

    public int[][] Reads { get; }

    public int[][] Writes { get; }

    /// <summary>By step: what it reads in the arena.</summary>
    public int[][] ArenaReads { get; }

    /// <summary>By step: what it writes in the arena.</summary>
    public int[][] ArenaWrites { get; }

    public (int Written, int Read)[][] InPlace { get; }

    public bool[] IsRepeatable { get; }

    public bool[] IsResident { get; }

    public bool[] IsKept { get; }

    /// <summary>By value: the steps that touch it, rising; one past the last step for what is kept.</summary>
    public int[][] Touches { get; }

    /// <summary>By value: the steps that write it, rising.</summary>
    public int[][] Writers { get; }

    /// <summary>By value: whether running its writers again brings it back, as long as what they read can be had.</summary>
    public bool[] CanRecompute { get; }

    /// <summary>By gap: whether the value may be away.</summary>
    public bool[] IsEvictable { get; }

    /// <summary>By gap: whether it is the time after a value's last touch, where recomputations may still want it.</summary>
    public bool[] IsRetainable { get; }

    /// <summary>Whether a resident value is not any more, before <paramref name="step"/>, what <paramref name="reader"/> read.</summary>
    public bool IsReplaced(int resident, int reader, int step)
    {
        foreach (var writer in Writers[resident])
        {
            if (writer > reader && writer < step)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The gap between touches i and i + 1 of a value, or after its last one.</summary>
    public int GapAfter(int value, int touch) => _firstGap[value] + touch;

    /// <summary>Whose gap it is.</summary>
    public int ValueOfGap(int gap) => _valueOfGap[gap];

    /// <summary>The first touch of a value at a step or after it: an index into <see cref="Touches"/>, or their number.</summary>
    public int NextTouch(int value, int step)
    {
        // Most values are touched a few times.
        var touches = Touches[value];
        var at = 0;
        if (touches.Length > 8)
        {
            at = Array.BinarySearch(touches, step);
            return at >= 0 ? at : ~at;
        }

        while (at < touches.Length && touches[at] < step)
        {
            at++;
        }

        return at;
    }

    private bool IsRepeatedWith(int other, int value, int step) =>
        other == value
        || (Writers[value].Length == 1 && Writers[other].Length == 1 && !(IsResident[other] && Array.IndexOf(Reads[step], other) >= 0));
}
