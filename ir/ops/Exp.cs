using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>e^x</c>, elementwise (ONNX Exp).</summary>
public sealed record Exp : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Exp, x);

    protected override double Apply(double x) => Math.Exp(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Output()));
}
