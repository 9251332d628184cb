using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>a + b</c>, elementwise with broadcasting (ONNX Add).</summary>
public sealed record Add : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => a + b;

    protected override double Apply(double a, double b) => a + b;

    protected override long Apply(long a, long b, ElementType type) => a + b;

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () => c.Gradient());
        c.Give(1, () => c.Gradient());
    }
}
