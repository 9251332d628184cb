using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Rounds down to an integer, elementwise (ONNX Floor).</summary>
public sealed record Floor : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Floor, x);

    protected override double Apply(double x) => Math.Floor(x);

    /// <summary>Constant but for steps: nothing flows back.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
    }
}
