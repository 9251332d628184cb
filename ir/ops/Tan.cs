using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Tangent, elementwise (ONNX Tan).</summary>
public sealed record Tan : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Tan, x);

    protected override double Apply(double x) => Math.Tan(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Plus(c.Square(c.Output()), 1)));
}
