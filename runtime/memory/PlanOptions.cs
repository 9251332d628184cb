namespace Dlc.Runtime.Memory;

/// <summary>What a plan depends on besides dims.</summary>
/// <param name="Threads">Threads that work at a launch, each of which needs scratch memory.</param>
/// <param name="InPlace">Whether results are written over what they are made of.</param>
internal readonly record struct PlanOptions(int Threads, bool InPlace)
{
    /// <summary>Most bytes of weights, inputs, outputs and arena together.</summary>
    public long MemoryLimit { get; init; } = long.MaxValue;

    /// <summary>What was measured, instead of <see cref="Rates"/>.</summary>
    public CostCalibration? Calibration { get; init; }

    /// <summary>For the choice of what leaves memory under a limit.</summary>
    public CostRates Rates { get; init; } = CostRates.Default;
}
