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

    /// <summary>
    /// Other orders in which the steps can run, each a permutation: the index of what runs first, second, and so on. Only the main program has any. For
    /// given dims the runtime takes the order that needs the least memory; the steps as they stand where several need as little.
    /// </summary>
    public int[][] Orders { get; init; } = [];

    /// <summary>Values of the main program that may leave memory between two uses when a limit asks for it; empty for any that can.</summary>
    public int[] Evictable { get; init; } = [];
}
