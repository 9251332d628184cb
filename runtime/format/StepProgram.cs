namespace Dlc.Runtime.Format;

/// <summary>
/// A list of steps: the main program, a branch of an <see cref="IfStep"/> or the body of a <see cref="LoopStep"/>. Sub-programs
/// mention values and slots of the programs around them directly.
/// </summary>
public sealed class StepProgram
{
    /// <summary>For traces: <c>main</c>, <c>If_3.then</c>.</summary>
    public required string Name { get; init; }

    public required Step[] Steps { get; init; }
}
