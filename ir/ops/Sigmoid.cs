using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>1 / (1 + e^-x)</c>, elementwise, without overflow: 0 and 1 at the infinities (ONNX Sigmoid).</summary>
public sealed record Sigmoid : UnaryElementwise
{
    // In f32 for the half types: e^-x leaves f16 at x = -11, where the result is still a number of f16.
    protected override Expr Apply(Expr x)
    {
        var compute = x.Type is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : x.Type;
        var exp = ExprFactory.Unary(UnaryOp.Exp, -ExprFactory.Cast(compute, x));
        var one = ExprFactory.Float(1, compute);
        return ExprFactory.Cast(x.Type, ExprFactory.Binary(BinaryOp.Div, one, one + exp));
    }

    protected override double Apply(double x) => 1 / (1 + Math.Exp(-x));

    public override void Differentiate(DifferentiateContext c) =>
        c.Give(0, () => c.Times(c.Gradient(), c.Times(c.Output(), c.Minus(1, c.Output()))));
}
