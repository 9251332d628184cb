using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Square root, elementwise; NaN for negative numbers (ONNX Sqrt).</summary>
public sealed record Sqrt : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Sqrt, x);

    protected override double Apply(double x) => Math.Sqrt(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Times(c.Output(), 2)));
}
