namespace Dlc.Runtime.Format;

/// <summary>
/// What is computed when dims become known: at entry (from the input dims), at a <see cref="BindSlotStep"/>, at the start of each
/// iteration of a <see cref="LoopStep"/>, and after an <see cref="IfStep"/> or <see cref="LoopStep"/>. Instructions run in order, then
/// guards are checked, then the values whose sizes are known from here on get their memory.
/// </summary>
public sealed class BindPoint
{
    /// <summary>Instructions in an order that defines each slot before it is used.</summary>
    public ShapeInstruction[] Instructions { get; init; } = [];

    /// <summary>Checked after the instructions; may use any slot defined so far.</summary>
    public Guard[] Guards { get; init; } = [];
}
