using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>a / b</c>, elementwise with broadcasting. Integers truncate; by zero they give 0 (ONNX Div).</summary>
public sealed record Div : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Div, a, b);

    protected override double Apply(double a, double b) => a / b;

    protected override long Apply(long a, long b, ElementType type) => b == 0 ? 0 : b == -1 && type.IsSigned() ? unchecked(-a)
        : type == ElementType.UInt64 ? (long)((ulong)a / (ulong)b) : a / b;

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Over(c.Gradient(), c.Input(1)));
        c.Give(1, () => c.Negative(c.Over(c.Times(c.Gradient(), c.Output()), c.Input(1))));
    }
}
