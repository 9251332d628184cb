using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>A model made ready to run: what can be worked out once, when it is loaded. Immutable afterwards and shared by all sessions.</summary>
internal sealed class PreparedModel
{
    public required ExecutableModel Model { get; init; }

    /// <summary>The orders of the main program's steps; the first is that of the executable.</summary>
    public required PreparedOrder[] Orders { get; init; }

    /// <summary>By <see cref="PreparedPoint.Id"/>.</summary>
    public required PreparedPoint[] Points { get; init; }

    /// <summary>By value id.</summary>
    public required ValueRole[] Roles { get; init; }

    /// <summary>By value id: the carried value of a CarriedIn or CarriedOut, else -1.</summary>
    public required int[] CarriedOf { get; init; }

    /// <summary>Carried values of all loops.</summary>
    public required CarriedInfo[] Carried { get; init; }

    /// <summary>Scan outputs of all loops.</summary>
    public required int ScanCount { get; init; }

    /// <summary>All steps by <see cref="PreparedStep.Index"/>.</summary>
    public required PreparedStep[] Steps { get; init; }

    /// <summary>Most buffers of one launch.</summary>
    public required int MaxBuffers { get; init; }

    /// <summary>Most dims of one launch.</summary>
    public required int MaxDims { get; init; }

    /// <summary>Sum of the ranks of all inputs: the length of a signature.</summary>
    public required int KeyLength { get; init; }
}
