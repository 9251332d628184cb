namespace Dlc.Runtime.Format;

/// <summary>What the runtime does with one axis of an input. The numbers are part of the file format.</summary>
public enum InputAxisKind : byte
{
    /// <summary>The dim must equal <see cref="InputAxis.Constant"/>.</summary>
    Constant = 0,

    /// <summary>The dim is stored in the slot: first occurrence of a symbol.</summary>
    Bind = 1,

    /// <summary>The dim must equal the slot's value, which an earlier axis bound or an entry instruction computed.</summary>
    Check = 2,
}
