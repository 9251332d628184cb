using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Shifts bits right, elementwise with broadcasting: zeros come in for unsigned types, the sign for signed ones (ONNX BitShift RIGHT).</summary>
public sealed record ShiftRight : BinaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (ElementTypes.IsInteger, "a tensor of integers");

    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.ShiftRight, a, b);

    protected override double Apply(double a, double b) => throw new InvalidOperationException("ShiftRight takes no floats");

    protected override long Apply(long a, long b, ElementType type) => (ulong)b >= (ulong)(type.Bytes() * 8) ? (a < 0 && type.IsSigned() ? -1 : 0)
        : type == ElementType.UInt64 ? (long)((ulong)a >> (int)b) : a >> (int)b;
}
