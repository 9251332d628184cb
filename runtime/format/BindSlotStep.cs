namespace Dlc.Runtime.Format;

/// <summary>
/// Makes data a dim: reads an integer scalar (one element of any integer type or bool) into a slot, then runs <see cref="Then"/>,
/// after which the values whose dims depend on it can be used. A negative number is fine unless a value's dim comes out negative.
/// </summary>
public sealed class BindSlotStep : Step
{
    /// <summary>Slot that is defined.</summary>
    public required int Slot { get; init; }

    /// <summary>Value of one integer element.</summary>
    public required int Value { get; init; }

    public BindPoint Then { get; init; } = new();
}
