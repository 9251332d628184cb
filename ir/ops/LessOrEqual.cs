using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>a &lt;= b</c> as bool, elementwise with broadcasting (ONNX LessOrEqual; GreaterOrEqual with operands swapped).</summary>
public sealed record LessOrEqual : BinaryElementwise
{
    protected override ElementType Result(ElementType operand) => ElementType.Bool;

    protected override Expr Apply(Expr a, Expr b) => ExprFactory.LessOrEqual(a, b);

    protected override double Apply(double a, double b) => a <= b ? 1 : 0;

    protected override long Apply(long a, long b, ElementType type) => (type == ElementType.UInt64 ? (ulong)a <= (ulong)b : a <= b) ? 1 : 0;
}
