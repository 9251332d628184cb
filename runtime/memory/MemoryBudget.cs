namespace Dlc.Runtime.Memory;

/// <summary>
/// Counts what the blocks of an execution context hold beside each other, and refuses what would take them over a limit: sizes that data decides are known only
/// when a run has come so far. Used by one thread at a time.
/// </summary>
internal sealed class MemoryBudget
{
    private long _charged;

    /// <summary>Bytes that all blocks hold.</summary>
    public long Held { get; private set; }

    /// <summary>The most that they may hold in this run.</summary>
    public long Allowance { get; private set; } = long.MaxValue;

    /// <summary>Bytes that this run needed beside the arena when it was refused some; 0 if it was not.</summary>
    public long Needed { get; private set; }

    /// <summary>Begins a run.</summary>
    public void Begin(long allowance) => (Allowance, Needed, _charged) = (allowance, 0, 0);

    /// <summary>A block is about to grow or shrink.</summary>
    /// <exception cref="DlcRuntimeException">MemoryLimit.</exception>
    public void Check(long from, long to)
    {
        if (to > from && Held - from + to > Allowance - _charged)
        {
            Refuse(to - from);
        }
    }

    /// <summary>A block has grown or shrunk.</summary>
    public void Add(long bytes) => Held += bytes;

    /// <summary>Memory of the caller that this run fills: an output whose size was unknown at the entry.</summary>
    /// <exception cref="DlcRuntimeException">MemoryLimit.</exception>
    public void Charge(long bytes)
    {
        if (Held > Allowance - _charged - bytes)
        {
            Refuse(bytes);
        }

        _charged += bytes;
    }

    private void Refuse(long bytes)
    {
        Needed = Held + _charged + bytes;
        throw new DlcRuntimeException(
            RuntimeErrors.MemoryLimit,
            "sizes that data decides go beyond the memory limit",
            $"{Needed} bytes beside weights, inputs and the outputs of known sizes",
            $"{Allowance}");
    }
}
