using System.Collections.Immutable;

namespace Dlc.IR.Symbolic;

/// <summary>Builds canonical quotients. All rules hold for every value of the symbols at which the divisor is not zero.</summary>
internal static class DimDivision
{
    public static Dim CeilDiv(Dim dividend, Dim divisor)
    {
        if (divisor.IsConstant && divisor.Constant > 0)
        {
            // Not -floordiv(-a, d): for even d that leaves another (equal) form, see FloorDivConstant on coefficients d/2.
            return FloorDiv(dividend + (divisor.Constant - 1), divisor);
        }

        return -FloorDiv(-dividend, divisor);
    }

    public static Dim FloorDiv(Dim dividend, Dim divisor)
    {
        var context = dividend.Context;
        context.Check(divisor);
        if (divisor.IsConstant)
        {
            return divisor.Constant switch
            {
                0 => throw new DivideByZeroException($"'{dividend}' is divided by the constant 0."),
                1 => dividend,
                < 0 => FloorDiv(-dividend, -divisor),
                _ => FloorDivConstant(dividend, divisor.Constant),
            };
        }

        if (dividend.Is(0))
        {
            return context.Zero;
        }

        // Leading coefficient of the divisor positive.
        if (DimContext.Polynomial(divisor).Terms[0].Coefficient < 0)
        {
            return FloorDiv(-dividend, -divisor);
        }

        return FloorDivSymbolic(context, dividend, divisor);
    }

    /// <summary>The polynomial q with q * divisor = dividend, or null.</summary>
    public static Dim? DivideExact(Dim dividend, Dim divisor)
    {
        dividend.Context.Check(divisor);
        if (divisor.IsConstant)
        {
            if (divisor.Constant == 0)
            {
                return null;
            }

            var (constant, terms) = DimContext.Polynomial(dividend);
            if (IntegerMath.Mod(constant, divisor.Constant) != 0
                || terms.Any(term => IntegerMath.Mod(term.Coefficient, divisor.Constant) != 0))
            {
                return null;
            }

            return DivideContent(dividend, divisor.Constant);
        }

        var (quotient, remainder) = DivideWithRemainder(dividend, divisor, stopAtRemainder: true);
        return remainder.Is(0) ? quotient : null;
    }

    private static Dim FloorDivConstant(Dim dividend, long divisor)
    {
        var context = dividend.Context;
        var (constant, terms) = DimContext.Polynomial(dividend);
        if (terms.IsEmpty)
        {
            return context.Const(IntegerMath.FloorDiv(constant, divisor));
        }

        // Residues in (-d/2, d/2]: whole multiples of the divisor leave the quotient.
        var whole = new PolynomialBuilder(context);
        var rest = new List<DimTerm>();
        var gcd = divisor;
        foreach (var term in terms)
        {
            var residue = IntegerMath.Mod(term.Coefficient, divisor);
            residue = residue > divisor - residue ? residue - divisor : residue;
            whole.AddTerm(term.Monomial, IntegerMath.FloorDiv(checked(term.Coefficient - residue), divisor));
            if (residue != 0)
            {
                rest.Add(new DimTerm(residue, term.Monomial));
                gcd = IntegerMath.Gcd(gcd, residue);
            }
        }

        if (rest.Count == 0)
        {
            whole.AddTerm(context.One, IntegerMath.FloorDiv(constant, divisor));
            return whole.ToDim();
        }

        // floor((g*t + c) / (g*d)) = floor((t + floor(c / g)) / d).
        divisor /= gcd;
        constant = IntegerMath.FloorDiv(constant, gcd);
        whole.AddTerm(context.One, IntegerMath.FloorDiv(constant, divisor));
        constant = IntegerMath.Mod(constant, divisor);
        for (var i = 0; i < rest.Count; i++)
        {
            rest[i] = new DimTerm(rest[i].Coefficient / gcd, rest[i].Monomial);
        }

        // x and -x share one form: floor(-x / d) = -floor((x + d - 1) / d). A coefficient d/2 is its own negative modulo d.
        var sign = 1;
        var signed = rest.FindIndex(term => term.Coefficient != divisor - term.Coefficient);
        if (signed >= 0 && rest[signed].Coefficient < 0)
        {
            sign = -1;
            constant = divisor - 1 - constant;
            for (var i = 0; i < rest.Count; i++)
            {
                var half = rest[i].Coefficient == divisor - rest[i].Coefficient;
                if (half)
                {
                    // floor((x - (d/2)*m) / d) = -m + floor((x + (d/2)*m) / d), seen through the outer minus sign.
                    whole.AddTerm(rest[i].Monomial, 1);
                }
                else
                {
                    rest[i] = new DimTerm(-rest[i].Coefficient, rest[i].Monomial);
                }
            }
        }

        var pulled = whole.ToDim();
        if (rest.Count == 1 && rest[0].Coefficient == 1 && rest[0].Monomial is { Kind: DimKind.FloorDiv } inner
            && inner.Operands[1].IsConstant)
        {
            // floor((floor(x / p) + c) / q) = floor((x + c*p) / (p*q)); the inner dividend holds no such quotient itself.
            var product = inner.Operands[1].Constant;
            var merged = FloorDivConstant(inner.Operands[0] + checked(constant * product), checked(divisor * product));
            return pulled + (sign * merged);
        }

        var left = context.FromTerms(constant, [.. rest]);
        var atom = context.Intern(new Dim(context, DimKind.FloorDiv, 0, null, [], [left, context.Const(divisor)]));
        return pulled + (sign * atom);
    }

    private static Dim FloorDivSymbolic(DimContext context, Dim dividend, Dim divisor)
    {
        // Common integer factor.
        var divisorContent = Content(divisor);
        var common = IntegerMath.Gcd(divisorContent, Content(dividend));
        if (common > 1)
        {
            dividend = DivideContent(dividend, common);
            divisor = DivideContent(divisor, common);
            divisorContent /= common;
        }

        // floor(a / (k*p)) = floor(floor(a / p) / k) for k > 0, whatever the sign of p.
        if (divisorContent > 1)
        {
            return FloorDivConstant(FloorDiv(dividend, DivideContent(divisor, divisorContent)), divisorContent);
        }

        // floor((q*p + r) / p) = q + floor(r / p), where that leaves less to divide: n / (n + 1) is better than 1 + -1 / (n + 1).
        var (quotient, remainder) = DivideWithRemainder(dividend, divisor, stopAtRemainder: false);
        if (remainder.Is(0))
        {
            return quotient;
        }

        if (TermCount(divisor) > 1 && TermCount(remainder) >= TermCount(dividend))
        {
            (quotient, remainder) = (context.Zero, dividend);
        }

        // A common symbolic factor cannot be zero, as the divisor would be.
        var shared = CommonFactor(remainder, divisor);
        if (!shared.IsEmpty)
        {
            return quotient + FloorDiv(DivideMonomial(remainder, shared), DivideMonomial(divisor, shared));
        }

        return quotient + context.Intern(new Dim(context, DimKind.FloorDiv, 0, null, [], [remainder, divisor]));
    }

    /// <summary>Multivariate division in graded lexicographic order: dividend = quotient * divisor + remainder.</summary>
    private static (Dim Quotient, Dim Remainder) DivideWithRemainder(Dim dividend, Dim divisor, bool stopAtRemainder)
    {
        var context = dividend.Context;
        var leading = DimContext.Polynomial(divisor).Terms[0];
        var quotient = new PolynomialBuilder(context);
        var remainder = new PolynomialBuilder(context);
        var rest = dividend;
        while (!rest.Is(0))
        {
            var (constant, terms) = DimContext.Polynomial(rest);
            var term = terms.IsEmpty ? new DimTerm(constant, context.One) : terms[0];
            var monomial = terms.IsEmpty ? null : TryDivideMonomial(term.Monomial, leading.Monomial);
            if (monomial is not null && IntegerMath.Mod(term.Coefficient, leading.Coefficient) == 0)
            {
                var coefficient = IntegerMath.FloorDiv(term.Coefficient, leading.Coefficient);
                quotient.AddTerm(monomial, coefficient);
                rest -= coefficient * (monomial * divisor);
            }
            else if (stopAtRemainder)
            {
                return (context.Zero, rest);
            }
            else
            {
                remainder.AddTerm(term.Monomial, term.Coefficient);
                rest -= term.Coefficient * term.Monomial;
            }
        }

        return (quotient.ToDim(), remainder.ToDim());
    }

    /// <summary>The monomial that is left after dividing, or null.</summary>
    public static Dim? TryDivideMonomial(Dim monomial, Dim divisor)
    {
        var a = DimContext.Factors(monomial);
        var b = DimContext.Factors(divisor);
        if (b.Length > a.Length)
        {
            return null;
        }

        if (b.Length == 1 && a.Length <= 2)
        {
            return ReferenceEquals(a[0], divisor) ? (a.Length == 2 ? a[1] : monomial.Context.One)
                : a.Length == 2 && ReferenceEquals(a[1], divisor) ? a[0] : null;
        }

        var left = ImmutableArray.CreateBuilder<Dim>(a.Length);
        var j = 0;
        foreach (var atom in a)
        {
            if (j < b.Length && ReferenceEquals(atom, b[j]))
            {
                j++;
            }
            else
            {
                left.Add(atom);
            }
        }

        return j == b.Length ? monomial.Context.Monomial(left.ToImmutable()) : null;
    }

    /// <summary>Atoms that divide both polynomials.</summary>
    private static ImmutableArray<Dim> CommonFactor(Dim left, Dim right)
    {
        List<Dim>? common = null;
        foreach (var dim in (ReadOnlySpan<Dim>)[left, right])
        {
            var (constant, terms) = DimContext.Polynomial(dim);
            if (constant != 0)
            {
                return [];
            }

            foreach (var term in terms)
            {
                var pool = DimContext.Factors(term.Monomial).ToList();
                common = common is null ? pool : common.Where(pool.Remove).ToList();
            }
        }

        return common is null ? [] : [.. common];
    }

    private static Dim DivideMonomial(Dim dim, ImmutableArray<Dim> factor)
    {
        var context = dim.Context;
        var monomial = context.Monomial(factor);
        var builder = new PolynomialBuilder(context);
        foreach (var term in DimContext.Polynomial(dim).Terms)
        {
            builder.AddTerm(TryDivideMonomial(term.Monomial, monomial)!, term.Coefficient);
        }

        return builder.ToDim();
    }

    private static int TermCount(Dim dim)
    {
        var (constant, terms) = DimContext.Polynomial(dim);
        return terms.Length + (constant != 0 ? 1 : 0);
    }

    /// <summary>Greatest common divisor of all coefficients and the constant.</summary>
    private static long Content(Dim dim)
    {
        var (constant, terms) = DimContext.Polynomial(dim);
        var gcd = IntegerMath.Gcd(constant, 0);
        foreach (var term in terms)
        {
            gcd = IntegerMath.Gcd(gcd, term.Coefficient);
        }

        return gcd;
    }

    private static Dim DivideContent(Dim dim, long content)
    {
        var (constant, terms) = DimContext.Polynomial(dim);
        return dim.Context.FromTerms(
            IntegerMath.FloorDiv(constant, content),
            [.. terms.Select(term => new DimTerm(IntegerMath.FloorDiv(term.Coefficient, content), term.Monomial))]);
    }
}
