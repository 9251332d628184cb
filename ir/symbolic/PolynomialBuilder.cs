using System.Collections.Immutable;

namespace Dlc.IR.Symbolic;

/// <summary>Collects terms in any order and turns them into one canonical polynomial.</summary>
internal sealed class PolynomialBuilder(DimContext context)
{
    private readonly Dictionary<Dim, long> coefficients = [];
    private long constant;

    /// <summary>Adds <paramref name="scale"/> times <paramref name="value"/>.</summary>
    public void Add(Dim value, long scale)
    {
        var (valueConstant, terms) = DimContext.Polynomial(value);
        constant = checked(constant + (valueConstant * scale));
        foreach (var term in terms)
        {
            AddTerm(term.Monomial, checked(term.Coefficient * scale));
        }
    }

    /// <summary>Adds one term; the constant 1 is the empty monomial.</summary>
    public void AddTerm(Dim monomial, long coefficient)
    {
        if (coefficient == 0)
        {
            return;
        }

        if (monomial.IsConstant)
        {
            constant = checked(constant + (coefficient * monomial.Constant));
            return;
        }

        coefficients[monomial] = checked(coefficients.GetValueOrDefault(monomial) + coefficient);
        if (coefficients.Count > 2 * DimContext.MaximumTerms)
        {
            throw new DimTooLargeException($"A symbolic size expands to more than {DimContext.MaximumTerms} terms.");
        }
    }

    /// <summary>The collected polynomial.</summary>
    public Dim ToDim()
    {
        var terms = new List<DimTerm>(coefficients.Count);
        foreach (var (monomial, coefficient) in coefficients)
        {
            if (coefficient != 0)
            {
                terms.Add(new DimTerm(coefficient, monomial));
            }
        }

        terms.Sort(static (a, b) => DimOrder.CompareMonomials(a.Monomial, b.Monomial));
        return context.FromTerms(constant, [.. terms]);
    }
}
