namespace Dlc.Runtime;

/// <summary>Calls and total time of one step.</summary>
/// <param name="Kind">What the step does.</param>
/// <param name="Name">The kernel's name, or the kind.</param>
/// <param name="Origins">ONNX nodes that it came from.</param>
/// <param name="Calls">How often it ran.</param>
/// <param name="Time">Sum over all calls, on the thread that called Run.</param>
public sealed record StepTime(StepKind Kind, string Name, IReadOnlyList<string> Origins, long Calls, TimeSpan Time);
