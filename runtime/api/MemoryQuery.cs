namespace Dlc.Runtime;

/// <summary>What a memory plan depends on besides the dims.</summary>
public sealed class MemoryQuery
{
    /// <summary>Threads of the session that will run, each of which needs scratch memory; 0 for as many as the machine has processors.</summary>
    public int Threads { get; init; }

    /// <summary>Whether results may be written over what they are made of: see <see cref="SessionOptions.InPlace"/>.</summary>
    public bool InPlace { get; init; } = true;

    /// <summary>For the estimates of time.</summary>
    public CostRates Rates { get; init; } = CostRates.Default;

    /// <summary>As <see cref="SessionOptions.Calibration"/>, for the plan that such a session would make now.</summary>
    public CostCalibration? Calibration { get; init; }

    /// <summary>As <see cref="SessionOptions.MemoryLimit"/>: the report then shows what leaves memory and how it returns.</summary>
    public long? MemoryLimit { get; init; }
}
