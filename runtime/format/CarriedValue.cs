namespace Dlc.Runtime.Format;

/// <summary>A value that a <see cref="LoopStep"/> hands from one iteration to the next. Its dims may change if slots are given.</summary>
public sealed class CarriedValue
{
    /// <summary>Value before the loop, of an enclosing program (or an input or constant).</summary>
    public required int Initial { get; init; }

    /// <summary>What the body reads: a temporary that only the body mentions; the runtime fills it before each iteration.</summary>
    public required int BodyIn { get; init; }

    /// <summary>What the body leaves for the next iteration: its own temporary, a body-in value, or a value of an enclosing program.</summary>
    public required int BodyOut { get; init; }

    /// <summary>Value after the loop, in the program that holds the step; -1 if nobody reads it.</summary>
    public int Final { get; init; } = -1;

    /// <summary>One entry an axis of <see cref="BodyIn"/>: a slot defined at the start of each iteration as the current dim, or -1 where
    /// the dim stays as the value table says (checked).</summary>
    public required int[] BodyInSlots { get; init; }

    /// <summary>One entry an axis of <see cref="Final"/>: a slot defined after the loop, or -1 where the dim is known before (checked).</summary>
    public int[] FinalSlots { get; init; } = [];
}
