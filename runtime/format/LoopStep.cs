namespace Dlc.Runtime.Format;

/// <summary>
/// ONNX's Loop: runs the body while the condition holds and fewer than the trip count iterations ran. A compiler lowers ONNX's Scan to
/// it: <see cref="TripCountSlot"/> is the extent of the scanned axis and the body gathers at <see cref="IterationSlot"/>.
/// </summary>
public sealed class LoopStep : Step
{
    /// <summary>Index in <see cref="ExecutableModel.Programs"/>.</summary>
    public required int Body { get; init; }

    /// <summary>Value of one i64 element, or -1.</summary>
    public int TripCountValue { get; init; } = -1;

    /// <summary>Slot with the trip count, or -1; not together with <see cref="TripCountValue"/>. With neither there is no bound.</summary>
    public int TripCountSlot { get; init; } = -1;

    /// <summary>Value of one bool element read before the first iteration; -1 for true.</summary>
    public int Condition { get; init; } = -1;

    /// <summary>Temporary of one i64 element that the runtime sets to the iteration number (from 0); -1 if the body does not read it.</summary>
    public int BodyIteration { get; init; } = -1;

    /// <summary>Slot defined as the iteration number at the start of each iteration; -1 for none.</summary>
    public int IterationSlot { get; init; } = -1;

    /// <summary>Temporary of one bool element that the runtime sets to the current condition; -1 if the body does not read it.</summary>
    public int BodyConditionIn { get; init; } = -1;

    /// <summary>Value of one bool element read after each iteration; -1 for true.</summary>
    public int BodyConditionOut { get; init; } = -1;

    /// <summary>Slot defined after the loop as the number of iterations that ran; -1 for none.</summary>
    public int ExecutedSlot { get; init; } = -1;

    public CarriedValue[] Carried { get; init; } = [];

    public ScanOutput[] ScanOutputs { get; init; } = [];

    /// <summary>Runs at the start of each iteration, after <see cref="IterationSlot"/> and the body-in slots are defined.</summary>
    public BindPoint BodyEntry { get; init; } = new();

    /// <summary>Runs after the loop, after the final slots are defined.</summary>
    public BindPoint Exit { get; init; } = new();
}
