namespace Dlc.Ptx;

/// <summary>How a line of the text accesses shared or global memory.</summary>
public sealed class AccessStatistics
{
    /// <summary>The line.</summary>
    public int Line { get; internal init; }

    /// <summary>Whether it is shared memory; else global.</summary>
    public bool IsShared { get; internal init; }

    /// <summary>Warp instructions.</summary>
    public long Requests { get; internal set; }

    /// <summary>Passes through shared memory, or sectors of 32 bytes of global memory.</summary>
    public long Transactions { get; internal set; }

    /// <summary>How many would have been enough for the bytes.</summary>
    public long LeastTransactions { get; internal set; }
}
