using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>True where a float is an infinity of a wanted sign, elementwise (ONNX IsInf).</summary>
public sealed record IsInf(bool Negative = true, bool Positive = true) : UnaryElementwise
{
    protected override ElementType Result(ElementType operand) => ElementType.Bool;

    protected override Expr Apply(Expr x)
    {
        Expr Is(double value) => ExprFactory.Equal(x, ExprFactory.Float(value, x.Type));
        var (low, high) = (double.NegativeInfinity, double.PositiveInfinity);
        return Negative && Positive ? ExprFactory.Or(Is(low), Is(high))
            : Negative ? Is(low)
            : Positive ? Is(high)
            : ExprFactory.Bool(false);
    }

    protected override double Apply(double x) =>
        (Negative && double.IsNegativeInfinity(x)) || (Positive && double.IsPositiveInfinity(x)) ? 1 : 0;
}
