namespace Dlc.IR.Ops;

/// <summary>What <see cref="GridSample"/> reads outside of its input (ONNX padding_mode).</summary>
public enum GridPadding : byte
{
    Zeros,

    /// <summary>The nearest element inside.</summary>
    Border,

    /// <summary>The input mirrored at its borders, as often as it takes.</summary>
    Reflection,
}
