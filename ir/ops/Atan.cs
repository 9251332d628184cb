using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Arctangent, elementwise (ONNX Atan).</summary>
public sealed record Atan : UnaryElementwise
{
    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.Atan, x);

    protected override double Apply(double x) => Math.Atan(x);
}
