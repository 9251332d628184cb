using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Rounds towards zero, elementwise.</summary>
public sealed record Trunc : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Trunc, x);

    protected override double Apply(double x) => Math.Truncate(x);

    /// <summary>Constant but for steps: nothing flows back.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
    }
}
