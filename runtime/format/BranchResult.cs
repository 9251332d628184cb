namespace Dlc.Runtime.Format;

/// <summary>
/// One result of an <see cref="IfStep"/>. The taken branch's value is copied to <see cref="Output"/>. Where the output's dims are known
/// before the step, the compiler may declare the branch's value an alias of the output, which makes the copy vanish.
/// </summary>
public sealed class BranchResult
{
    /// <summary>Value at the end of the then-program; may belong to an enclosing program.</summary>
    public required int ThenValue { get; init; }

    /// <summary>Value at the end of the else-program; may belong to an enclosing program.</summary>
    public required int ElseValue { get; init; }

    /// <summary>Value of the program that holds the step.</summary>
    public required int Output { get; init; }

    /// <summary>One entry an axis: a slot that is defined as the dim that came out, or -1 where the output's dim is known before.</summary>
    public required int[] OutputSlots { get; init; }
}
