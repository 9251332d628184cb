namespace Dlc.Ptx;

/// <summary>What a launch has done.</summary>
public sealed class LaunchStatistics
{
    private readonly Dictionary<(int Line, bool IsShared), AccessStatistics> _accesses = [];

    /// <summary>Instructions that warps have executed, by <see cref="PtxKind"/>.</summary>
    public long[] WarpInstructions { get; } = new long[Enum.GetValues<PtxKind>().Length];

    /// <summary>Instructions that lanes have executed, by <see cref="PtxKind"/>.</summary>
    public long[] LaneInstructions { get; } = new long[Enum.GetValues<PtxKind>().Length];

    /// <summary>Accesses to global and shared memory by line of the text.</summary>
    public IEnumerable<AccessStatistics> Accesses => _accesses.Values.OrderBy(a => a.Line);

    /// <summary>All instructions that lanes have executed.</summary>
    public long TotalLaneInstructions => LaneInstructions.Sum();

    /// <summary>Passes through shared memory beyond those that the bytes need.</summary>
    public long BankConflicts => _accesses.Values.Where(a => a.IsShared).Sum(a => a.Transactions - a.LeastTransactions);

    /// <summary>Sectors of 32 bytes of global memory that were touched.</summary>
    public long GlobalSectors => _accesses.Values.Where(a => !a.IsShared).Sum(a => a.Transactions);

    /// <summary>Sectors that would have held the bytes.</summary>
    public long LeastGlobalSectors => _accesses.Values.Where(a => !a.IsShared).Sum(a => a.LeastTransactions);

    /// <summary>Warp instructions of a kind.</summary>
    public long Of(PtxKind kind) => WarpInstructions[(int)kind];

    /// <summary>Adds what an instruction has done to the counts of its line.</summary>
    internal void Add(AccessStatistics counts)
    {
        if (!_accesses.TryGetValue((counts.Line, counts.IsShared), out var access))
        {
            _accesses[(counts.Line, counts.IsShared)] = access = new() { Line = counts.Line, IsShared = counts.IsShared };
        }

        access.Requests += counts.Requests;
        access.Transactions += counts.Transactions;
        access.LeastTransactions += counts.LeastTransactions;
    }
}
