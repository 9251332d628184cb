using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Arctangent, elementwise (ONNX Atan).</summary>
public sealed record Atan : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Atan, x);

    protected override double Apply(double x) => Math.Atan(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Plus(c.Square(c.Input(0)), 1)));
}
