using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>-1, 0 or 1, elementwise; NaN and signed zeros stay (ONNX Sign on signed types).</summary>
public sealed record Sign : UnaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (t => t.IsFloat() || t.IsSigned(), "a tensor of floats or signed integers");

    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Sign, x);

    protected override double Apply(double x) => x > 0 ? 1 : x < 0 ? -1 : x;

    protected override long Apply(long x, ElementType type) => Math.Sign(x);

    /// <summary>Constant but for steps: nothing flows back.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
    }
}
