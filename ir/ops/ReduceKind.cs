using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>How a <see cref="Reduce"/> combines elements.</summary>
public enum ReduceKind : byte
{
    Sum,
    Prod,
    Max,
    Min,
    And,
    Or,
}

/// <summary>The neutral element and the operator of each <see cref="ReduceKind"/>.</summary>
public static class ReduceKinds
{
    public static BinaryOp Operator(this ReduceKind kind) => kind switch
    {
        ReduceKind.Sum => BinaryOp.Add,
        ReduceKind.Prod => BinaryOp.Mul,
        ReduceKind.Max => BinaryOp.Max,
        ReduceKind.Min => BinaryOp.Min,
        ReduceKind.And => BinaryOp.And,
        ReduceKind.Or => BinaryOp.Or,
        _ => throw new InvalidOperationException($"unknown reduction {kind}"),
    };

    /// <summary>What a reduction over nothing gives.</summary>
    public static Expr Neutral(this ReduceKind kind, ElementType type) => kind switch
    {
        ReduceKind.Sum or ReduceKind.Or => ExprFactory.Literal(0, type),
        ReduceKind.Prod or ReduceKind.And => ExprFactory.Literal(1, type),
        ReduceKind.Max => type.IsFloat() ? ExprFactory.Float(double.NegativeInfinity, type) : ExprFactory.Int(Least(type), type),
        ReduceKind.Min => type.IsFloat() ? ExprFactory.Float(double.PositiveInfinity, type) : ExprFactory.Int(Greatest(type), type),
        _ => throw new InvalidOperationException($"unknown reduction {kind}"),
    };

    private static long Least(ElementType type) => type.IsUnsigned() || type == ElementType.Bool
        ? 0 : type == ElementType.Int64 ? long.MinValue : -(1L << ((type.Bytes() * 8) - 1));

    /// <summary>The greatest value as bits of a long: u64's is -1.</summary>
    private static long Greatest(ElementType type) => type switch
    {
        ElementType.Bool => 1,
        ElementType.UInt64 => -1,
        ElementType.Int64 => long.MaxValue,
        _ => type.IsUnsigned() ? (1L << (type.Bytes() * 8)) - 1 : (1L << ((type.Bytes() * 8) - 1)) - 1,
    };
}
