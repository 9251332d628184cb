using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Inverse hyperbolic tangent, elementwise (ONNX Atanh).</summary>
public sealed record Atanh : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Atanh, x);

    protected override double Apply(double x) => Math.Atanh(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Minus(1, c.Square(c.Input(0)))));
}
