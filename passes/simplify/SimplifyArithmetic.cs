using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>
/// Arithmetic identities: neutral elements, powers by small numbers, division and subtraction of constants, double negation. Constants move to
/// the right of commutative operators, and constants of two like operators in a row are joined.
/// </summary>
public sealed class SimplifyArithmetic : Rewrite
{
    /// <summary>Constants up to this many elements are joined with others.</summary>
    private const long JoinedElements = 1 << 14;

    public override string Name => "simplify-arithmetic";

    protected override bool NeedsUses => true;

    protected override Value? Replace(Match m) => m.Op switch
    {
        Add => Swap(m) ?? Neutral(m, 0) ?? Join(m),
        Mul => Swap(m) ?? Neutral(m, 1) ?? Join(m) ?? (IsFloat(m) && m.IsSplat(1, -1) ? Unary(m, new Neg()) : null),
        Sub => SimplifySub(m),
        Div => Neutral(m, 1) ?? SimplifyDiv(m),
        Pow => SimplifyPow(m),
        Neg when m.Made<Neg>(0) is not null => m.IfSameType(m.From(0)),
        Min or Max or And or Or when ReferenceEquals(m.Inputs[0], m.Inputs[1]) => m.IfSameType(m.Inputs[0]),
        Not when m.Made<Not>(0) is not null => m.IfSameType(m.From(0)),
        Min or Max when m.Inputs[0].Producer?.Op == m.Op && ReferenceEquals(m.From(0, 1), m.Inputs[1]) => m.IfSameType(m.Inputs[0]),
        And => Neutral(m, 1, swapped: true),
        Or => Neutral(m, 0, swapped: true),
        _ => null,
    };

    private static bool IsFloat(Match m) => m.Type.Element.IsFloat();

    private static Value? Neutral(Match m, double neutral, bool swapped = false) =>
        m.IsSplat(1, neutral) && m.IfSameType(m.Inputs[0]) is { } left ? left
        : swapped && m.IsSplat(0, neutral) ? m.IfSameType(m.Inputs[1]) : null;

    private static Value? Swap(Match m) =>
        m.Made<Constant>(0) is not null && m.Made<Constant>(1) is null ? m.Make(m.Op, m.Inputs[1], m.Inputs[0]) : null;

    private static Value? Unary(Match m, Op op) =>
        m.IfSameType(m.Inputs[0]) is { } x ? m.Make(op, x) : null;

    /// <summary>(x op c) op d is x op (c op d), where the constants are small and nobody else reads the inner one.</summary>
    private static Value? Join(Match m)
    {
        if (!IsFloat(m) || !m.IsOnlyUse(0) || m.Constant(1) is not { Count: <= JoinedElements } || m.Inputs[0].Producer?.Op is not { } inner || inner != m.Op
            || Match.ConstantOf(m.From(0, 1)) is not { Count: <= JoinedElements })
        {
            return null;
        }

        var both = m.Make(m.Op, m.From(0, 1), m.Inputs[1]);
        return both.Type.Rank <= m.Type.Rank ? m.Merge(m.Inputs[0], m.Op, m.From(0), both) : null;
    }

    private static Value? SimplifySub(Match m)
    {
        if (Neutral(m, 0) is { } same)
        {
            return same;
        }

        if (!IsFloat(m))
        {
            return null;
        }

        if (m.IsSplat(0, 0) && m.IfSameType(m.Inputs[1]) is { } negated)
        {
            return m.Make(new Neg(), negated);
        }

        return m.Constant(1) is { Count: <= JoinedElements }
            ? m.Make(new Add(), m.Inputs[0], m.Make(new Neg(), m.Inputs[1])) : null;
    }

    /// <summary>Division by a constant is multiplication by its reciprocal, where that is a normal number.</summary>
    private static Value? SimplifyDiv(Match m)
    {
        if (!IsFloat(m) || m.Constant(0) is not null || m.Constant(1) is not { Count: <= JoinedElements } divisor
            || divisor.Element is not (ElementType.Float32 or ElementType.Float64))
        {
            return null;
        }

        for (var i = 0L; i < divisor.Count; i++)
        {
            var x = Math.Abs(divisor.GetDouble(i));
            if (x is not (>= 1e-30 and <= 1e30))
            {
                return null;
            }
        }

        var one = m.Make(new Constant(Tensor.Scalar(divisor.Element, 1)));
        return m.Make(new Mul(), m.Inputs[0], m.Make(new Div(), one, m.Inputs[1]));
    }

    private static Value? SimplifyPow(Match m)
    {
        if (Match.SplatOf(m.Inputs[1]) is not { } power || m.IfSameType(m.Inputs[0]) is not { } x)
        {
            return null;
        }

        if (power == 1)
        {
            return x;
        }

        if (power is 2 or 3)
        {
            var square = m.Make(new Mul(), x, x);
            return power == 2 ? square : m.Make(new Mul(), square, x);
        }

        if (!IsFloat(m))
        {
            return null;
        }

        // pow(-0, 0.5) is 0 and pow(-inf, 0.5) is inf where the root differs: neither occurs in a network that is not broken already.
        if (power == 0.5)
        {
            return m.Make(new Sqrt(), x);
        }

        if (power is not (-1 or -0.5 or -2))
        {
            return null;
        }

        var one = m.Make(new Constant(Tensor.Scalar(m.Type.Element, 1)));
        return m.Make(new Div(), one, power switch
        {
            -1 => x,
            -2 => m.Make(new Mul(), x, x),
            _ => m.Make(new Sqrt(), x),
        });
    }
}
