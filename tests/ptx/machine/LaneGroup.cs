namespace Dlc.Ptx.Machine;

/// <summary>Lanes at the same place.</summary>
internal sealed class LaneGroup(int place, uint mask)
{
    /// <summary>The instruction that comes next.</summary>
    public int Place { get; set; } = place;

    /// <summary>The lanes.</summary>
    public uint Mask { get; set; } = mask;

    /// <summary>What they do.</summary>
    public LaneState State { get; set; }

    /// <summary>The barrier of the block that they wait at.</summary>
    public int Barrier { get; set; }
}

/// <summary>What lanes do.</summary>
internal enum LaneState
{
    /// <summary>They can go on.</summary>
    Running,

    /// <summary>They wait for lanes of their warp.</summary>
    Meeting,

    /// <summary>They wait for threads of their block.</summary>
    AtBarrier,
}
