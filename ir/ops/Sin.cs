using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Sine, elementwise (ONNX Sin).</summary>
public sealed record Sin : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Sin, x);

    protected override double Apply(double x) => Math.Sin(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Emit(new Cos(), c.Input(0))));
}
