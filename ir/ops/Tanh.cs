using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Hyperbolic tangent, elementwise (ONNX Tanh).</summary>
public sealed record Tanh : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Tanh, x);

    protected override double Apply(double x) => Math.Tanh(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Minus(1, c.Square(c.Output()))));
}
