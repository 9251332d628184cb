namespace Dlc.IR.Kernels;

/// <summary>Scalar functions of one operand. Floats follow IEEE 754; f16 and bf16 are computed in f32 and rounded.</summary>
public enum UnaryOp : byte
{
    Neg,
    Abs,
    Sign,

    /// <summary>Logical not of a bool.</summary>
    Not,
    BitNot,
    Exp,
    Log,
    Sqrt,

    /// <summary><c>1 / sqrt(x)</c>, not an approximation.</summary>
    Rsqrt,
    Floor,
    Ceil,

    /// <summary>To nearest, ties to even.</summary>
    Round,
    Trunc,
    Sin,
    Cos,
    Tan,
    Asin,
    Acos,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Acosh,
    Atanh,
    Erf,

    /// <summary>True for NaN.</summary>
    IsNaN,
}
