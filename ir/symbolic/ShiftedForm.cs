namespace Dlc.IR.Symbolic;

/// <summary>Bounds of polynomials whose atoms have lower bounds, better than term by term.</summary>
internal static class ShiftedForm
{
    /// <summary>Terms that a form may have to be looked at in this way.</summary>
    public const int MaximumTerms = 12;

    private const int MaximumDegree = 5;

    /// <summary>
    /// Lower bound of sign * form after writing every atom as its lower bound plus a non-negative rest: products dominate their parts
    /// (n*m >= n where m >= 1), which term-wise intervals do not see.
    /// </summary>
    public static long Minimum(Bounds bounds, LinearForm form, int sign)
    {
        try
        {
            var shifted = new List<DimTerm>();
            foreach (var term in form.Terms)
            {
                if (!Shift(bounds, term, sign, shifted))
                {
                    return long.MinValue;
                }
            }

            Int128 minimum = (Int128)sign * form.Constant;
            foreach (var (coefficient, monomial) in shifted)
            {
                if (monomial.IsConstant)
                {
                    minimum += coefficient;
                }
                else if (coefficient < 0)
                {
                    var most = Interval.Point(1);
                    foreach (var atom in monomial.Factors)
                    {
                        var range = bounds.Of(atom);
                        var width = range.Maximum == long.MaxValue ? long.MaxValue : Interval.High((Int128)range.Maximum - range.Minimum);
                        most = Interval.Multiply(most, new DimRange(0, Math.Max(width, 0)));
                    }

                    if (most.Maximum == long.MaxValue)
                    {
                        return long.MinValue;
                    }

                    minimum += (Int128)coefficient * most.Maximum;
                }
            }

            return Interval.Low(minimum);
        }
        catch (OverflowException)
        {
            return long.MinValue;
        }
    }

    /// <summary>Expands a product of (lower bound + rest) into products of rests, which keep the names of their atoms.</summary>
    private static bool Shift(Bounds bounds, DimTerm term, int sign, List<DimTerm> shifted)
    {
        var factors = term.Monomial.Factors;
        if (factors.Length > MaximumDegree)
        {
            return false;
        }

        for (var kept = (1 << factors.Length) - 1; kept >= 0; kept--)
        {
            var coefficient = checked(sign * term.Coefficient);
            var monomial = term.Monomial.Context.One;
            for (var i = 0; i < factors.Length && coefficient != 0; i++)
            {
                if ((kept & (1 << i)) != 0)
                {
                    monomial = monomial.IsConstant ? factors[i]
                        : kept == (1 << factors.Length) - 1 ? term.Monomial
                        : monomial.Context.MultiplyMonomials(monomial, factors[i]);
                    continue;
                }

                var low = bounds.Of(factors[i]).Minimum;
                if (low == long.MinValue)
                {
                    return false;
                }

                coefficient = checked(coefficient * low);
            }

            if (coefficient == 0)
            {
                continue;
            }

            var known = shifted.FindIndex(other => ReferenceEquals(other.Monomial, monomial));
            if (known < 0)
            {
                shifted.Add(new DimTerm(coefficient, monomial));
            }
            else
            {
                shifted[known] = new DimTerm(checked(shifted[known].Coefficient + coefficient), monomial);
            }
        }

        return true;
    }
}
