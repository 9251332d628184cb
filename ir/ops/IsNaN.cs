using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>True where a float is not a number, elementwise (ONNX IsNaN).</summary>
public sealed record IsNaN : UnaryElementwise
{
    protected override ElementType Result(ElementType operand) => ElementType.Bool;

    protected override Expr Apply(Expr x) => ExprFactory.Unary(UnaryOp.IsNaN, x);

    protected override double Apply(double x) => double.IsNaN(x) ? 1 : 0;
}
