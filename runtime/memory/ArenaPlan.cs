namespace Dlc.Runtime.Memory;

/// <summary>Offsets of the items of a bind point.</summary>
internal sealed class ArenaPlan
{
    /// <summary>A plan of the buffers of <paramref name="groups"/>, which come after the fixed ones of <paramref name="problem"/>.</summary>
    public ArenaPlan(ItemGroups groups, ArenaProblem problem, long[] offsets, long bytes, long lowerBound)
    {
        Groups = groups;
        Bytes = bytes;
        LowerBound = lowerBound;
        Buffers = new PlacedBuffer[groups.Count];
        for (int g = 0; g < Buffers.Length; g++)
        {
            int i = problem.Fixed + g;
            Buffers[g] = new PlacedBuffer(problem.Start[i], problem.End[i], offsets[i], problem.Bytes[i]);
        }
    }

    /// <summary>The buffer of each item.</summary>
    public ItemGroups Groups { get; }

    /// <summary>By number of the buffer.</summary>
    public PlacedBuffer[] Buffers { get; }

    /// <summary>Bytes of the block.</summary>
    public long Bytes { get; }

    /// <summary>The largest sum of bytes over buffers alive at one place.</summary>
    public long LowerBound { get; }

    /// <summary>Offset of an item in bytes.</summary>
    public long OffsetOf(int item) => Buffers[Groups[item]].Offset;
}
