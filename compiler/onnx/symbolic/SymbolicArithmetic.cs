using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>
/// Arithmetic on elements of known contents, as ONNX defines it for the element type. A result that is not known, or that a narrow type could
/// not hold, is null.
/// </summary>
internal sealed class SymbolicArithmetic(OnnxNode node, ElementType type)
{
    /// <summary>
    /// Floats times dims are exact up to such numbers (in f32, for dims up to 2^24 over this); beyond, the rounding of the data path counts.
    /// </summary>
    private const double LargestFactor = 4096;

    private readonly Facts facts = node.Facts;

    private DimContext Dims => facts.Context;

    public SymbolicElement? Add(SymbolicElement a, SymbolicElement b) => Sum(a, 1, b);

    public SymbolicElement? Sub(SymbolicElement a, SymbolicElement b) => Sum(a, -1, b);

    public SymbolicElement? Mul(SymbolicElement a, SymbolicElement b)
    {
        if (!type.IsFloat())
        {
            return Integer(a.Dim! * b.Dim!);
        }

        if (a.IsNumber && b.IsNumber)
        {
            return Float(a.Number * b.Number);
        }

        return Fraction(a) is var (x, dx) && Fraction(b) is var (y, dy) ? SymbolicElement.Fraction(x * y, checked(dx * dy)) : null;
    }

    public SymbolicElement? Div(SymbolicElement a, SymbolicElement b)
    {
        if (!type.IsFloat())
        {
            return IntegerDiv(a.Dim!, b.Dim!);
        }

        if (a.IsNumber && b.IsNumber)
        {
            return Float(a.Number / b.Number);
        }

        if (Fraction(a) is not var (x, dx) || Fraction(b) is not var (y, dy))
        {
            return null;
        }

        if (y.IsConstant && y.Constant != 0)
        {
            return SymbolicElement.Fraction(x * dy * Math.Sign(y.Constant), checked(dx * Math.Abs(y.Constant)));
        }

        return (x * dy).DivideExact(y) is { } exact ? SymbolicElement.Fraction(exact, dx) : null;
    }

    public SymbolicElement? Mod(SymbolicElement a, SymbolicElement b, bool isC)
    {
        if (type.IsFloat())
        {
            return a.IsNumber && b.IsNumber && b.Number != 0 && isC ? Float(a.Number % b.Number) : null;
        }

        var (x, y) = (a.Dim!, b.Dim!);
        if (x.IsConstant && y.IsConstant && y.Constant != 0)
        {
            return Integer(Dims.Const(isC ? x.Constant % y.Constant : IntegerMath.Mod(x.Constant, y.Constant)));
        }

        return IsPositive(y) && (!isC || IsNonNegative(x)) ? x.Mod(y) : null;
    }

    public SymbolicElement? Min(SymbolicElement a, SymbolicElement b) => Choose(a, b, takesLess: true);

    public SymbolicElement? Max(SymbolicElement a, SymbolicElement b) => Choose(a, b, takesLess: false);

    public SymbolicElement? Floor(SymbolicElement a) => Whole(a, Math.Floor, (x, d) => x.FloorDiv(d));

    public SymbolicElement? Ceil(SymbolicElement a) => Whole(a, Math.Ceiling, (x, d) => x.CeilDiv(d));

    public SymbolicElement? Round(SymbolicElement a) => Whole(a, x => Math.Round(x, MidpointRounding.ToEven), (_, _) => null);

    /// <summary>A function that is only followed on numbers.</summary>
    public SymbolicElement? Number(SymbolicElement a, Func<double, double> function) => type.IsFloat() && a.IsNumber ? Float(function(a.Number)) : null;

    /// <summary>1 where the first is less, else 0.</summary>
    public SymbolicElement? Less(SymbolicElement a, SymbolicElement b)
    {
        if (Difference(b, a) is not { } difference)
        {
            return a.IsNumber && b.IsNumber ? Truth(a.Number < b.Number) : null;
        }

        return facts.ProveLess(Dims.Zero, difference) switch
        {
            Proof.True => Truth(true),
            Proof.False => Truth(false),
            _ => Noted(difference.Max(0).Min(1), difference, Relation.Less),
        };
    }

    /// <summary>1 where both are equal, else 0.</summary>
    public SymbolicElement? Equal(SymbolicElement a, SymbolicElement b)
    {
        if (Difference(a, b) is not { } difference)
        {
            return a.IsNumber && b.IsNumber ? Truth(a.Number == b.Number) : null;
        }

        return facts.ProveEqual(difference, Dims.Zero) switch
        {
            Proof.True => Truth(true),
            Proof.False => Truth(false),
            _ => Noted(1 - difference.Max(-difference).Min(1), difference, Relation.Equal),
        };
    }

    /// <summary>Converts an element of <paramref name="from"/> to the element type of this.</summary>
    public SymbolicElement? Cast(SymbolicElement a, ElementType from)
    {
        if (a.Source is not null)
        {
            return type is ElementType.Int64 or ElementType.Int32 ? a : null;
        }

        if (type == ElementType.Bool)
        {
            return new SymbolicArithmetic(node, from).Equal(a, from.IsFloat() ? SymbolicElement.Float(0) : Dims.Zero) is { } isZero
                ? 1 - isZero.Dim! : null;
        }

        if (type.IsFloat())
        {
            return !from.IsFloat() ? SymbolicElement.Fraction(a.Dim!, 1) is var f && f.IsNumber ? Float(f.Number) : f
                : a.IsNumber ? Float(a.Number) : a;
        }

        if (!from.IsFloat())
        {
            return Integer(a.Dim!);
        }

        if (a.IsNumber)
        {
            var whole = Math.Truncate(a.Number);
            return Math.Abs(whole) < long.MaxValue / 2 ? Integer(Dims.Const((long)whole)) : null;
        }

        return a.Denominator == 1 ? a.Dim! : IsNonNegative(a.Dim!) ? a.Dim!.FloorDiv(a.Denominator) : null;
    }

    /// <summary>One of two by a truth that may be symbolic.</summary>
    public SymbolicElement? Where(SymbolicElement condition, SymbolicElement a, SymbolicElement b)
    {
        if (condition.Dim is { IsConstant: true } known)
        {
            return known.Is(0) ? b : a;
        }

        if (a == b)
        {
            return a;
        }

        return condition.Dim is { } truth && !type.IsFloat() && a.Source is null && b.Source is null
            ? b.Dim! + (truth * (a.Dim! - b.Dim!)) : null;
    }

    private Dim Noted(Dim truth, Dim difference, Relation relation)
    {
        node.Session.Truths.Note(truth, difference, relation);
        return truth;
    }

    private SymbolicElement Truth(bool value) => value ? Dims.One : Dims.Zero;

    private SymbolicElement? Sum(SymbolicElement a, long sign, SymbolicElement b)
    {
        if (!type.IsFloat())
        {
            return Integer(a.Dim! + (sign * b.Dim!));
        }

        if (a.IsNumber && b.IsNumber)
        {
            return Float(a.Number + (sign * b.Number));
        }

        return Fraction(a) is var (x, dx) && Fraction(b) is var (y, dy)
            ? SymbolicElement.Fraction((x * dy) + (sign * y * dx), checked(dx * dy)) : null;
    }

    private SymbolicElement? IntegerDiv(Dim a, Dim b)
    {
        if (b.Is(0))
        {
            return null;
        }

        if (a.IsConstant && b.IsConstant)
        {
            return Integer(Dims.Const(a.Constant / b.Constant));
        }

        a = facts.Simplify(a);
        b = facts.Simplify(b);
        if (a.DivideExact(b) is { } exact)
        {
            return exact;
        }

        // ONNX truncates; that is the floor where nothing is negative. A size divided by 0 means nothing in ONNX either.
        if (!IsNonNegative(b))
        {
            return null;
        }

        if (!IsNonNegative(a))
        {
            if (!IsSizeLike(a))
            {
                return null;
            }

            facts.Require(Dims.Zero, Relation.LessOrEqual, a, "a division of sizes in the model's shape arithmetic");
        }

        return a.FloorDiv(b);
    }

    /// <summary>Whether a dim is non-negative once no size is 0, as <c>S - 1</c> is.</summary>
    private bool IsSizeLike(Dim dim)
    {
        var (constant, terms) = DimContext.Polynomial(dim);
        return terms.All(t => t.Coefficient > 0 && facts.Range(t.Monomial).Minimum >= 0) && constant + terms.Sum(t => t.Coefficient) >= 0;
    }

    private SymbolicElement? Choose(SymbolicElement a, SymbolicElement b, bool takesLess)
    {
        if (type.IsFloat() && a.IsNumber && b.IsNumber)
        {
            return Float(takesLess ? Math.Min(a.Number, b.Number) : Math.Max(a.Number, b.Number));
        }

        if (Difference(b, a) is not { } difference)
        {
            return null;
        }

        return facts.ProveLessOrEqual(Dims.Zero, difference) switch
        {
            Proof.True => takesLess ? a : b,
            Proof.False => takesLess ? b : a,
            _ => type.IsFloat() ? null : takesLess ? a.Dim!.Min(b.Dim!) : a.Dim!.Max(b.Dim!),
        };
    }

    private SymbolicElement? Whole(SymbolicElement a, Func<double, double> number, Func<Dim, long, Dim?> dim) =>
        !type.IsFloat() || a.Denominator == 1 && !a.IsNumber ? a
        : a.IsNumber ? Float(number(a.Number))
        : dim(a.Dim!, a.Denominator) is { } whole ? SymbolicElement.Fraction(whole, 1) : null;

    /// <summary>A dim with the sign of <c>a - b</c>.</summary>
    private Dim? Difference(SymbolicElement a, SymbolicElement b)
    {
        if (!type.IsFloat())
        {
            return a.Dim! - b.Dim!;
        }

        return Fraction(a) is var (x, dx) && Fraction(b) is var (y, dy) ? (x * dy) - (y * dx) : null;
    }

    /// <summary>A float as a dim over a positive integer, where that is exact in the element type as well.</summary>
    private (Dim Dim, long Denominator)? Fraction(SymbolicElement e)
    {
        if (e.Dim is not null)
        {
            return (e.Dim, e.Denominator);
        }

        const int MostHalvings = 24;
        var (number, denominator) = (e.Number, 1L);
        for (var i = 0; i < MostHalvings && number != Math.Truncate(number); i++)
        {
            (number, denominator) = (number * 2, denominator * 2);
        }

        return number == Math.Truncate(number) && Math.Abs(number) <= LargestFactor ? (Dims.Const((long)number), denominator) : null;
    }

    /// <summary>An integer; null where a number does not fit the type, or what is unsigned may be negative.</summary>
    private SymbolicElement? Integer(Dim dim)
    {
        if (type == ElementType.Int64)
        {
            return dim;
        }

        if (!dim.IsConstant)
        {
            return type.IsUnsigned() && !IsNonNegative(dim) ? null : dim;
        }

        if (type == ElementType.Bool)
        {
            return dim.Constant is 0 or 1 ? dim : null;
        }

        var bits = type.Bytes() * 8;
        var (least, most) = type == ElementType.UInt64 ? (0, long.MaxValue)
            : type.IsUnsigned() ? (0, (1L << bits) - 1) : (-(1L << (bits - 1)), (1L << (bits - 1)) - 1);
        return dim.Constant >= least && dim.Constant <= most ? dim : null;
    }

    /// <summary>A float rounded to the type; null for bf16, whose double rounding would have to be watched.</summary>
    private SymbolicElement? Float(double number) => type switch
    {
        ElementType.Float64 => SymbolicElement.Float(number),
        ElementType.Float32 => SymbolicElement.Float((float)number),
        ElementType.Float16 => SymbolicElement.Float((double)(Half)number),
        _ => null,
    };

    private bool IsNonNegative(Dim dim) => facts.ProveLessOrEqual(Dims.Zero, dim) == Proof.True;

    private bool IsPositive(Dim dim) => facts.ProveLess(Dims.Zero, dim) == Proof.True;
}
