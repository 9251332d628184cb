using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Inverse hyperbolic sine, elementwise (ONNX Asinh).</summary>
public sealed record Asinh : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Asinh, x);

    protected override double Apply(double x) => Math.Asinh(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Emit(new Sqrt(), c.Plus(c.Square(c.Input(0)), 1))));
}
