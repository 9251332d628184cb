using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The smaller, elementwise with broadcasting; NaN when either is (ONNX Min of two).</summary>
public sealed record Min : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Min, a, b);

    protected override double Apply(double a, double b) => Math.Min(a, b);

    protected override long Apply(long a, long b, ElementType type) => type == ElementType.UInt64 ? (long)Math.Min((ulong)a, (ulong)b) : Math.Min(a, b);

    /// <summary>Of equal operands the second has the derivative, so that a rectifier is flat at 0.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
        var isFirst = c.IsLess(c.Input(0), c.Input(1));
        c.Give(0, () => c.Choose(isFirst, c.Gradient(), 0));
        c.Give(1, () => c.Choose(isFirst, 0, c.Gradient()));
    }
}
