namespace Dlc.Ptx;

/// <summary>What a launch allows.</summary>
public sealed record LaunchOptions
{
    /// <summary>Warp instructions after which a launch fails as endless.</summary>
    public long InstructionBudget { get; init; } = 2_000_000_000;

    /// <summary>
    /// Whether shared and global memory may be read before it is written. What is read counts as unknown then: it must not decide a branch, be an address,
    /// or be written to global memory.
    /// </summary>
    public bool AllowUninitialisedLoads { get; init; }

    /// <summary>Whether accesses of threads are told apart to find races.</summary>
    public bool FindRaces { get; init; } = true;
}
