namespace Dlc.Runtime;

/// <summary>What a memory plan depends on besides the dims.</summary>
public sealed class MemoryQuery
{
    /// <summary>Threads of the session that will run, each of which needs scratch memory; 0 for as many as the machine has processors.</summary>
    public int Threads { get; init; }

    /// <summary>For the estimates of time.</summary>
    public CostRates Rates { get; init; } = CostRates.Default;
}
