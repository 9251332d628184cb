using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Or of bools, bitwise on integers, elementwise with broadcasting (ONNX Or, BitwiseOr).</summary>
public sealed record Or : BinaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (t => !t.IsFloat(), "a tensor of bools or integers");

    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Or, a, b);

    protected override double Apply(double a, double b) => throw new InvalidOperationException("Or takes no floats");

    protected override long Apply(long a, long b, ElementType type) => a | b;
}
