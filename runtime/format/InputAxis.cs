namespace Dlc.Runtime.Format;

/// <summary>One axis of a model input.</summary>
/// <param name="Kind">Fixed number, symbol met first here, or something to compare with.</param>
/// <param name="Slot">Slot to bind or to compare with; 0 for a constant.</param>
/// <param name="Constant">The demanded dim of <see cref="InputAxisKind.Constant"/>.</param>
/// <param name="Text">The dim as the user reads it: <c>batch</c>, <c>3</c>, <c>2*seq</c>.</param>
public sealed record InputAxis(InputAxisKind Kind, int Slot, long Constant, string Text)
{
    public static InputAxis Fixed(long dim) => new(InputAxisKind.Constant, 0, dim, dim.ToString());

    public static InputAxis Bind(int slot, string text) => new(InputAxisKind.Bind, slot, 0, text);

    public static InputAxis Check(int slot, string text) => new(InputAxisKind.Check, slot, 0, text);
}
