using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Rounds up to an integer, elementwise (ONNX Ceil).</summary>
public sealed record Ceil : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Ceil, x);

    protected override double Apply(double x) => Math.Ceiling(x);

    /// <summary>Constant but for steps: nothing flows back.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
    }
}
