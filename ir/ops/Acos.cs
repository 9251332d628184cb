using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Arccosine, elementwise (ONNX Acos).</summary>
public sealed record Acos : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Acos, x);

    protected override double Apply(double x) => Math.Acos(x);

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Negative(c.Over(c.Gradient(), c.Emit(new Sqrt(), c.Minus(1, c.Square(c.Input(0)))))));
}
