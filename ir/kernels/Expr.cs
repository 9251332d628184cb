using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>
/// A scalar expression of a kernel. Inside a <see cref="LoopKind.Vector"/> loop it stands for one lane. Indices and extents are
/// <see cref="ElementType.Int64"/>. Records compare by content, which is what common-subexpression reuse and kernel equality build on.
/// </summary>
public abstract record Expr(ElementType Type)
{
    public static Expr operator +(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Add, a, b);

    public static Expr operator +(Expr a, long b) => a + ExprFactory.Int(b, a.Type);

    public static Expr operator -(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Sub, a, b);

    public static Expr operator -(Expr a, long b) => a - ExprFactory.Int(b, a.Type);

    public static Expr operator *(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Mul, a, b);

    public static Expr operator *(Expr a, long b) => a * ExprFactory.Int(b, a.Type);

    public static Expr operator -(Expr a) => ExprFactory.Unary(UnaryOp.Neg, a);
}

/// <summary>An integer or bool literal; a bool is 0 or 1.</summary>
public sealed record IntLiteral(ElementType Type, long Value) : Expr(Type);

/// <summary>A floating-point literal, held in double and rounded to <paramref name="Type"/>.</summary>
public sealed record FloatLiteral(ElementType Type, double Value) : Expr(Type)
{
    /// <summary>Literals are equal when their bits are: NaN equals itself and -0 differs from 0.</summary>
    public bool Equals(FloatLiteral? other) => other is not null && Type == other.Type
        && BitConverter.DoubleToInt64Bits(Value) == BitConverter.DoubleToInt64Bits(other.Value);

    public override int GetHashCode() => HashCode.Combine(Type, BitConverter.DoubleToInt64Bits(Value));
}

/// <summary>
/// A symbolic dim as an i64 scalar. The host computes it before the launch and passes it; the kernel only reads it (see
/// <see cref="Kernel.DimParameters"/>).
/// </summary>
public sealed record DimExpr(Dim Dim) : Expr(ElementType.Int64);

/// <summary>Reads a loop variable, a let or a mutable variable.</summary>
public sealed record VarExpr(Var Var) : Expr(Var.Type);

/// <summary>
/// Reads element <paramref name="Index"/> (row-major, in elements) of a buffer. With a <paramref name="Mask"/> (bool) lanes where it is
/// false touch no memory and give 0.
/// </summary>
public sealed record LoadExpr(KernelBuffer Buffer, Expr Index, Expr? Mask) : Expr(Buffer.Type);

public sealed record UnaryExpr(UnaryOp Op, Expr Operand) : Expr(Operand.Type);

/// <summary>Both operands have one type; comparisons give bool.</summary>
public sealed record BinaryExpr(BinaryOp Op, Expr Left, Expr Right) : Expr(Op.IsComparison() ? ElementType.Bool : Left.Type);

/// <summary>Both arms are evaluated; guard loads by their mask, not by a select.</summary>
public sealed record SelectExpr(Expr Condition, Expr Then, Expr Else) : Expr(Then.Type);

/// <summary>
/// Conversion as C# does it unchecked, but saturating from float to integer with NaN to 0; to bool it is <c>x != 0</c>.
/// f16 and bf16 round to nearest even.
/// </summary>
public sealed record CastExpr(ElementType Type, Expr Operand) : Expr(Type);

/// <summary>Reinterprets the bits as another type of the same width.</summary>
public sealed record BitcastExpr(ElementType Type, Expr Operand) : Expr(Type);
