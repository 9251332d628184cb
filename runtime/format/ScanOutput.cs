namespace Dlc.Runtime.Format;

/// <summary>A value that a <see cref="LoopStep"/> collects: the body's value of each iteration, stacked along a new axis 0.</summary>
public sealed class ScanOutput
{
    /// <summary>The body's value; all iterations must leave the same dims.</summary>
    public required int BodyOut { get; init; }

    /// <summary><c>[iterations, dims of BodyOut...]</c>, in the program that holds the step.</summary>
    public required int Final { get; init; }

    /// <summary>One entry an axis of <see cref="Final"/>: a slot defined after the loop, or -1 where the dim is known before (checked).
    /// After no iteration the dims of unknown body values are 0.</summary>
    public required int[] FinalSlots { get; init; }
}
