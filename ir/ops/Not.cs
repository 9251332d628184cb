using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Logical not of bools, complement of integers, elementwise (ONNX Not, BitwiseNot).</summary>
public sealed record Not : UnaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain => (t => !t.IsFloat(), "a tensor of bools or integers");

    protected override Expr Apply(Expr x) => ExprFactory.Unary(x.Type == ElementType.Bool ? UnaryOp.Not : UnaryOp.BitNot, x);

    protected override double Apply(double x) => throw new InvalidOperationException("Not takes no floats");

    protected override long Apply(long x, ElementType type) => type == ElementType.Bool ? 1 - x : ~x;
}
