using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Tangent, elementwise (ONNX Tan).</summary>
public sealed record Tan : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Tan, x);

    protected override double Apply(double x) => Math.Tan(x);
}
