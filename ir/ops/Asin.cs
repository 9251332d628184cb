using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Arcsine, elementwise (ONNX Asin).</summary>
public sealed record Asin : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Asin, x);

    protected override double Apply(double x) => Math.Asin(x);
}
