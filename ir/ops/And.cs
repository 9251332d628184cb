using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>And of bools, bitwise on integers, elementwise with broadcasting (ONNX And, BitwiseAnd).</summary>
public sealed record And : BinaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (t => !t.IsFloat(), "a tensor of bools or integers");

    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.And, a, b);

    protected override double Apply(double a, double b) => throw new InvalidOperationException("And takes no floats");

    protected override long Apply(long a, long b, ElementType type) => a & b;
}
