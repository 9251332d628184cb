using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

internal sealed class PreparedLoop(LoopStep source) : PreparedStep(source, StepKind.Loop)
{
    public LoopStep Loop { get; } = source;

    public required PreparedStep[] Body { get; init; }

    public required int BodyPoint { get; init; }

    public required int ExitPoint { get; init; }

    /// <summary>Number of the first of its carried values among those of all loops.</summary>
    public required int FirstCarried { get; init; }

    /// <summary>Number of the first of its scan outputs among those of all loops.</summary>
    public required int FirstScan { get; init; }

    /// <summary>For each scan output whether the final value has its address before the loop, so that iterations write to it at once.</summary>
    public bool[] ScanIsPlaced { get; set; } = [];
}
