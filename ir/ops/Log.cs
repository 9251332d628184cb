using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Natural logarithm, elementwise (ONNX Log).</summary>
public sealed record Log : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Log, x);

    protected override double Apply(double x) => Math.Log(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Over(c.Gradient(), c.Input(0)));
}
