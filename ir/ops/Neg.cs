using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>-x</c>, elementwise; the least integer stays itself (ONNX Neg).</summary>
public sealed record Neg : UnaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (t => t.IsFloat() || t.IsSigned(), "a tensor of floats or signed integers");

    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Neg, x);

    protected override double Apply(double x) => -x;

    protected override long Apply(long x, ElementType type) => unchecked(-x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Negative(c.Gradient()));
}
