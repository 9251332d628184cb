using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Hyperbolic cosine, elementwise (ONNX Cosh).</summary>
public sealed record Cosh : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Cosh, x);

    protected override double Apply(double x) => Math.Cosh(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Emit(new Sinh(), c.Input(0))));
}
