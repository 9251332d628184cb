using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Arcsine, elementwise (ONNX Asin).</summary>
public sealed record Asin : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Asin, x);

    protected override double Apply(double x) => Math.Asin(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Emit(new Sqrt(), c.Minus(1, c.Square(c.Input(0))))));
}
