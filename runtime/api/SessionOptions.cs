namespace Dlc.Runtime;

/// <summary>How a <see cref="Session"/> runs.</summary>
public sealed class SessionOptions
{
    /// <summary>Threads that work at one inference, the caller among them; 0 for as many as the machine has processors. Results are
    /// the same bit for bit for any number.</summary>
    public int Threads { get; init; }

    /// <summary>How long workers go on spinning after an inference, so that the next one need not wake them (which costs tens of
    /// microseconds).</summary>
    public TimeSpan IdleSpin { get; init; } = TimeSpan.FromMicroseconds(200);

    /// <summary>Memory plans kept for the input dims used last; 0 to plan each time the dims change.</summary>
    public int PlanCacheCapacity { get; init; } = 64;

    /// <summary>After this many runs in a row that needed less than half of the arena it is made as small as the largest of them needed;
    /// 0 to never make it smaller.</summary>
    public int TrimArenaAfterRuns { get; init; } = 32;

    /// <summary>Most bytes of an arena that are kept from one run to the next; a run that needs more gets more and gives it back when it ends.</summary>
    public long KeptArenaBytes { get; init; } = long.MaxValue;

    /// <summary>Whether results may be written over what they are made of, where nobody needs that any more. Without it runs need more memory; their
    /// results are the same bit for bit.</summary>
    public bool InPlace { get; init; } = true;

    /// <summary>
    /// Most bytes of a run: weights, inputs, outputs and arena together. Where the plan of a run needs more, values leave memory between their uses and are
    /// computed again or copied back, in whatever way costs least time; results are the same bits. A run that can't be done in so little fails
    /// before it starts and names the least limit that would do; where data decides sizes that don't fit, the rest of the run is planned anew in its middle, and it
    /// fails there if that can't be done. It bounds each run by itself, and not the copies of values kept outside. Null for the
    /// limit that the model was compiled with, if it was with one; <see cref="long.MaxValue"/> for none.
    /// </summary>
    public long? MemoryLimit { get; init; }

    /// <summary>The device that runs code for a GPU; null for the first one that the driver knows. Processors' code takes none.</summary>
    public Device.IDevice? Device { get; init; }

    /// <summary>
    /// Runs on a device that a context keeps as graphs, so that one with the same dims and the same memory is queued in one call from the second time on; those
    /// used last are kept. 0 for none. Runs under a limit that makes values leave memory, and models of which the host reads values on the way, have none.
    /// </summary>
    public int DeviceGraphs { get; init; } = 16;

    /// <summary>Execution contexts (each with its arena) kept for runs to come after many threads ran at once; at least 1.</summary>
    public int IdleContexts { get; init; } = 4;

    /// <summary>For estimates of what leaving memory under a limit costs.</summary>
    public CostRates Rates { get; init; } = CostRates.Default;

    /// <summary>
    /// Where the first runs under a limit are timed, so that later plans go by measured costs instead of <see cref="Rates"/>; null to go by those throughout, with
    /// which plans are the same each time. It has no effect on devices, nor without a limit.
    /// </summary>
    public CostCalibration? Calibration { get; init; }

    /// <summary>Where steps are timed, or null (which costs nothing).</summary>
    public StepProfile? Profile { get; init; }
}
