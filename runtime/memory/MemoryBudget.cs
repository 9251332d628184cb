namespace Dlc.Runtime.Memory;

/// <summary>
/// Counts what the blocks of an execution context hold beside each other, and what else a run fills that was not foreseen: sizes that data decides are known
/// only when a run has come so far. Used by one thread at a time.
/// </summary>
internal sealed class MemoryBudget
{
    /// <summary>Bytes that all blocks hold.</summary>
    public long Held { get; private set; }

    /// <summary>The most that they may hold in this run.</summary>
    public long Allowance { get; private set; } = long.MaxValue;

    /// <summary>Memory of the caller that this run fills: outputs whose sizes were unknown at the entry.</summary>
    public long Charged { get; private set; }

    /// <summary>The most bytes ever counted.</summary>
    public long Most { get; private set; }

    /// <summary>The fewest bytes that were ever left.</summary>
    public long LeastSpare { get; private set; } = long.MaxValue;

    /// <summary>Bytes that all blocks together may hold now.</summary>
    public long Room => Allowance - Charged;

    /// <summary>Begins a run.</summary>
    public void Begin(long allowance) => (Allowance, Charged) = (allowance, 0);

    /// <summary>Whether a block may grow.</summary>
    public bool Fits(long from, long to) => to <= from || Held - from <= Room - to;

    /// <summary>A block is about to grow or shrink.</summary>
    /// <exception cref="DlcRuntimeException">MemoryLimit.</exception>
    public void Check(long from, long to)
    {
        if (!Fits(from, to))
        {
            throw new DlcRuntimeException(
                RuntimeErrors.MemoryLimit, "a run goes beyond the memory limit", $"{Held - from + to} bytes beside weights, inputs and outputs", $"{Room}");
        }
    }

    /// <summary>A block has grown or shrunk.</summary>
    public void Add(long bytes)
    {
        Held += bytes;
        if (bytes > 0)
        {
            Note();
        }
    }

    /// <summary>What was charged is filled from now on.</summary>
    public void Note()
    {
        Most = Math.Max(Most, Held + Charged);
        LeastSpare = Math.Min(LeastSpare, Room - Held);
    }

    /// <summary>An output of the caller's is about to be filled whose size was unknown at the entry.</summary>
    /// <returns>Whether that is within the limit beside what blocks hold.</returns>
    public bool Charge(long bytes)
    {
        Charged += bytes;
        return Held <= Room;
    }
}
