using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The error function <c>2/sqrt(pi) * integral of e^(-t^2) from 0 to x</c>, elementwise (ONNX Erf).</summary>
public sealed record Erf : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Erf, x);

    protected override double Apply(double x) => ErrorFunction.Erf(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Times(c.Emit(new Exp(), c.Negative(c.Square(c.Input(0)))), 2 / Math.Sqrt(Math.PI))));
}
