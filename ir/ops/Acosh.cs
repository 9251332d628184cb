using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Inverse hyperbolic cosine, elementwise (ONNX Acosh).</summary>
public sealed record Acosh : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Acosh, x);

    protected override double Apply(double x) => Math.Acosh(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Emit(new Sqrt(), c.Minus(c.Square(c.Input(0)), 1))));
}
