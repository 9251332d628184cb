using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The remainder with the sign of the divisor, elementwise with broadcasting; integers by zero give 0 (ONNX Mod with fmod 0).</summary>
public sealed record Mod : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Mod, a, b);

    protected override double Apply(double a, double b) => a - (b * Math.Floor(a / b));

    protected override long Apply(long a, long b, ElementType type) => b == 0 || (b == -1 && type.IsSigned()) ? 0
        : type == ElementType.UInt64 ? (long)((ulong)a % (ulong)b) : Symbolic.IntegerMath.Mod(a, b);

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Gradient());
        c.Give(1, () => c.Negative(c.Times(c.Gradient(), c.Emit(new Floor(), c.Over(c.Input(0), c.Input(1))))));
    }
}
