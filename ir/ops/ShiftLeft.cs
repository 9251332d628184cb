using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>a * 2^b</c> on bits, elementwise with broadcasting; a shift of the width or more gives 0 (ONNX BitShift LEFT).</summary>
public sealed record ShiftLeft : BinaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (ElementTypes.IsInteger, "a tensor of integers");

    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.ShiftLeft, a, b);

    protected override double Apply(double a, double b) => throw new InvalidOperationException("ShiftLeft takes no floats");

    protected override long Apply(long a, long b, ElementType type) => (ulong)b >= (ulong)(type.Bytes() * 8) ? 0 : a << (int)b;
}
