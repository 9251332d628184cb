namespace Dlc.IR.Kernels;

/// <summary>Scalar functions of two operands of one type.</summary>
public enum BinaryOp : byte
{
    Add,
    Sub,
    Mul,

    /// <summary>Floats: IEEE. Integers: truncating; by zero gives 0, and the least value by -1 gives itself, so that nothing traps.</summary>
    Div,

    /// <summary>Floor division of integers; by zero gives 0.</summary>
    FloorDiv,

    /// <summary>The remainder of <see cref="FloorDiv"/> (sign of the divisor); by zero gives 0. Floats too.</summary>
    Mod,

    /// <summary>The remainder with the sign of the dividend (C's fmod and %); integers by zero give 0.</summary>
    Rem,

    /// <summary>NaN when either operand is (ONNX Min).</summary>
    Min,

    /// <summary>NaN when either operand is (ONNX Max).</summary>
    Max,

    /// <summary>Floats as C's pow; integers by repeated multiplication, a negative exponent giving 0 unless the base is 1 or -1.</summary>
    Pow,
    Atan2,

    /// <summary>Logical on bool, bitwise on integers.</summary>
    And,
    Or,
    Xor,

    /// <summary>A shift of the width or more gives 0.</summary>
    ShiftLeft,

    /// <summary>Logical for unsigned, arithmetic for signed; a shift of the width or more gives 0 (or -1).</summary>
    ShiftRight,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
}

/// <summary>Groups of <see cref="BinaryOp"/>.</summary>
public static class BinaryOps
{
    public static bool IsComparison(this BinaryOp op) => op >= BinaryOp.Equal;
}
