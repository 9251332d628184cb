namespace Dlc.IR.Ops;

/// <summary>What <see cref="Pad"/> puts outside of its input.</summary>
public enum PadMode : byte
{
    /// <summary>One value.</summary>
    Constant,

    /// <summary>The input mirrored at its first and last elements, which are not repeated; again and again where the pad is longer.</summary>
    Reflect,

    /// <summary>The nearest element of the input.</summary>
    Edge,

    /// <summary>The input over and over.</summary>
    Wrap,
}
