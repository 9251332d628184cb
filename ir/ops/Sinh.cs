using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Hyperbolic sine, elementwise (ONNX Sinh).</summary>
public sealed record Sinh : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Sinh, x);

    protected override double Apply(double x) => Math.Sinh(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Emit(new Cosh(), c.Input(0))));
}
