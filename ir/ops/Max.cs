using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>The greater, elementwise with broadcasting; NaN when either is (ONNX Max of two).</summary>
public sealed record Max : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Max, a, b);

    protected override double Apply(double a, double b) => Math.Max(a, b);

    protected override long Apply(long a, long b, ElementType type) => type == ElementType.UInt64 ? (long)Math.Max((ulong)a, (ulong)b) : Math.Max(a, b);

    /// <summary>Of equal operands the second has the derivative, so that a rectifier is flat at 0.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
        var isFirst = c.IsLess(c.Input(1), c.Input(0));
        c.Give(0, () => c.Choose(isFirst, c.Gradient(), 0));
        c.Give(1, () => c.Choose(isFirst, 0, c.Gradient()));
    }
}
