using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The remainder with the sign of the dividend, elementwise with broadcasting; integers by zero give 0 (ONNX Mod with fmod 1).</summary>
public sealed record Rem : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Rem, a, b);

    protected override double Apply(double a, double b) => a % b;

    protected override long Apply(long a, long b, ElementType type) => b == 0 || (b == -1 && type.IsSigned()) ? 0
        : type == ElementType.UInt64 ? (long)((ulong)a % (ulong)b) : a % b;

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Gradient());
        c.Give(1, () => c.Negative(c.Times(c.Gradient(), c.Emit(new Trunc(), c.Over(c.Input(0), c.Input(1))))));
    }
}
