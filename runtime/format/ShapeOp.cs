namespace Dlc.Runtime.Format;

/// <summary>
/// Operator of a <see cref="ShapeInstruction"/>. Arithmetic is 64-bit and checked: an overflow or a division by zero is a run-time
/// error, never a wrong size. The numbers are part of the file format.
/// </summary>
public enum ShapeOp : byte
{
    /// <summary>target = immediate.</summary>
    Const = 0,
    Add = 1,
    Sub = 2,
    Mul = 3,

    /// <summary>floor(a / b): rounds towards minus infinity. 0 / 0 is 0, as it comes up when an axis is empty.</summary>
    FloorDiv = 4,

    /// <summary>ceil(a / b): rounds towards plus infinity; 0 / 0 is 0.</summary>
    CeilDiv = 5,

    /// <summary>a - b * floor(a / b): has the sign of b.</summary>
    Mod = 6,
    Min = 7,
    Max = 8,

    /// <summary>target = a == b ? 1 : 0.</summary>
    Equal = 9,

    /// <summary>target = a &lt; b ? 1 : 0.</summary>
    Less = 10,

    /// <summary>target = a &lt;= b ? 1 : 0.</summary>
    LessOrEqual = 11,

    /// <summary>target = a != 0 ? b : c.</summary>
    Select = 12,

    /// <summary>target = a.</summary>
    Move = 13,
}
