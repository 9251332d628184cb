using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Rounds to the nearest integer, ties to even, elementwise (ONNX Round).</summary>
public sealed record Round : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Round, x);

    protected override double Apply(double x) => Math.Round(x, MidpointRounding.ToEven);

    /// <summary>Constant but for steps: nothing flows back.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
    }
}
