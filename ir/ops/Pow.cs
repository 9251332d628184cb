using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary><c>a^b</c>, elementwise with broadcasting. Integers multiply and wrap; a negative exponent gives 0 unless the base is 1 or -1 (ONNX Pow).</summary>
public sealed record Pow : BinaryElementwise
{
    protected override Expr Apply(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Pow, a, b);

    protected override double Apply(double a, double b) => Math.Pow(a, b);

    protected override long Apply(long a, long b, ElementType type)
    {
        if (b < 0 && type.IsSigned())
        {
            return a == 1 ? 1 : a == -1 ? ((b & 1) == 0 ? 1 : -1) : 0;
        }

        var result = 1L;
        for (var rest = (ulong)b; rest != 0; rest >>= 1)
        {
            result *= (rest & 1) != 0 ? a : 1;
            a *= a;
        }

        return result;
    }

    public override void Differentiate(DifferentiateContext c)
    {
        var (a, b) = (c.Input(0), c.Input(1));

        // An exponent of 0 has slope 0 everywhere, where the formula says 0 times infinity at 0.
        c.Give(0, () => c.Choose(c.IsEqual(b, 0), 0, c.Times(c.Gradient(), c.Times(b, c.Emit(new Pow(), a, c.Minus(b, 1))))));
        c.Give(1, () =>
        {
            var isPositive = c.IsLess(0, a);
            var logarithm = c.Emit(new Log(), c.Choose(isPositive, a, 1));
            return c.Choose(isPositive, c.Times(c.Gradient(), c.Times(c.Output(), logarithm)), 0);
        });
    }
}
