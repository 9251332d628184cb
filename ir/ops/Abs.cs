using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>|x|</c>, elementwise; the least integer stays itself (ONNX Abs on signed types).</summary>
public sealed record Abs : UnaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (t => t.IsFloat() || t.IsSigned(), "a tensor of floats or signed integers");

    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Abs, x);

    protected override double Apply(double x) => Math.Abs(x);

    protected override long Apply(long x, ElementType type) => x < 0 ? unchecked(-x) : x;

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Emit(new Sign(), c.Input(0))));
}
