using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>a = b</c> as bool, elementwise with broadcasting (ONNX Equal).</summary>
public sealed record Equal : BinaryElementwise
{
    protected override (Func<ElementType, bool> Accepts, string Expected) Domain =>
        (_ => true, "a tensor");

    protected override ElementType Result(ElementType operand) => ElementType.Bool;

    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Equal(a, b);

    protected override double Apply(double a, double b) => a == b ? 1 : 0;

    protected override long Apply(long a, long b, ElementType type) => a == b ? 1 : 0;
}
