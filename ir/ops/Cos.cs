using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Cosine, elementwise (ONNX Cos).</summary>
public sealed record Cos : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Cos, x);

    protected override double Apply(double x) => Math.Cos(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Negative(c.Times(c.Gradient(), c.Emit(new Sin(), c.Input(0)))));
}
