using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Dlc.IR.Symbolic;

/// <summary>
/// A polynomial as coefficients of monomials, ordered by id and not interned: what proofs add and compare by the thousand without filling
/// the context's table.
/// </summary>
internal sealed class LinearForm : IEquatable<LinearForm>
{
    private readonly DimTerm[] terms;
    private readonly int hash;

    private LinearForm(long constant, DimTerm[] terms)
    {
        Constant = constant;
        this.terms = terms;
        var mix = (uint)constant.GetHashCode();
        foreach (var term in terms)
        {
            mix = ((mix * 31) + (uint)term.Monomial.Id) * 31;
            mix += (uint)term.Coefficient.GetHashCode();
        }

        hash = (int)mix;
    }

    public long Constant { get; }

    public ReadOnlySpan<DimTerm> Terms => terms;

    public static LinearForm Of(Dim dim)
    {
        var (constant, source) = DimContext.Polynomial(dim);
        return new LinearForm(constant, Sort(source.AsSpan()));
    }

    /// <summary>left - right - <paramref name="less"/>, or null where it overflows.</summary>
    public static LinearForm? Difference(Dim left, Dim right, long less = 0)
    {
        try
        {
            var (constant, source) = DimContext.Polynomial(left);
            var (otherConstant, otherSource) = DimContext.Polynomial(right);
            return Merge(
                checked(constant - otherConstant - less), Sort(source.AsSpan()), 1, Sort(otherSource.AsSpan()), -1);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>scale * this + otherScale * factor * other, or null where it overflows.</summary>
    public LinearForm? Combine(long scale, LinearForm other, long otherScale, Dim? factor = null)
    {
        try
        {
            if (factor is null)
            {
                return Merge(
                    checked((scale * Constant) + (otherScale * other.Constant)), terms, scale, other.terms, otherScale);
            }

            var context = factor.Context;
            var multiplied = new List<DimTerm>(other.terms.Length + 1);
            foreach (var term in other.terms)
            {
                multiplied.Add(new DimTerm(term.Coefficient, context.MultiplyMonomials(term.Monomial, factor)));
            }

            if (other.Constant != 0)
            {
                multiplied.Add(new DimTerm(other.Constant, factor));
            }

            return Merge(checked(scale * Constant), terms, scale, Sort([.. multiplied]), otherScale);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    /// <summary>Greatest degree of a term.</summary>
    public int Degree
    {
        get
        {
            var degree = 0;
            foreach (var term in terms)
            {
                degree = Math.Max(degree, term.Monomial.Degree);
            }

            return degree;
        }
    }

    /// <summary>The form plus a number, or null where it overflows.</summary>
    public LinearForm? Shift(long amount) => amount == 0 ? this
        : (Int128)Constant + amount is var sum && sum >= long.MinValue && sum <= long.MaxValue ? new LinearForm((long)sum, terms) : null;

    /// <summary>The form times a monomial.</summary>
    public LinearForm Times(Dim factor)
    {
        var multiplied = new List<DimTerm>(terms.Length + 1);
        foreach (var term in terms)
        {
            multiplied.Add(new DimTerm(term.Coefficient, factor.Context.MultiplyMonomials(term.Monomial, factor)));
        }

        if (Constant != 0)
        {
            multiplied.Add(new DimTerm(Constant, factor));
        }

        return new LinearForm(0, Sort(CollectionsMarshal.AsSpan(multiplied)));
    }

    /// <summary>The product of two forms, or null where it overflows.</summary>
    public LinearForm? Times(LinearForm other)
    {
        var result = Combine(other.Constant, this, 0);
        foreach (var term in other.terms)
        {
            result = result?.Combine(1, this, term.Coefficient, term.Monomial);
        }

        return result;
    }

    /// <summary>The quotient by a monomial that divides every term.</summary>
    public LinearForm Divide(Dim factor)
    {
        var (constant, divided) = (0L, new List<DimTerm>(terms.Length));
        foreach (var term in terms)
        {
            var rest = DimDivision.TryDivideMonomial(term.Monomial, factor)
                ?? throw new ArgumentException($"'{factor}' does not divide '{term.Monomial}'.", nameof(factor));
            if (rest.IsConstant)
            {
                constant = term.Coefficient;
            }
            else
            {
                divided.Add(new DimTerm(term.Coefficient, rest));
            }
        }

        return new LinearForm(constant, Sort(CollectionsMarshal.AsSpan(divided)));
    }

    /// <summary>The form whose being at least 0 is the same as this being at least 0, with coprime coefficients.</summary>
    public LinearForm Tighten()
    {
        var gcd = Content();
        return gcd <= 1 ? this : Divide(gcd, IntegerMath.FloorDiv(Constant, gcd));
    }

    /// <summary>Greatest common divisor of the coefficients, without the constant.</summary>
    public long Content()
    {
        var gcd = 0L;
        foreach (var term in terms)
        {
            gcd = IntegerMath.Gcd(gcd, term.Coefficient);
            if (gcd == 1)
            {
                break;
            }
        }

        return gcd;
    }

    /// <summary>
    /// Splits into sign * scale * part + constant where the part has coprime coefficients, the first one positive, and no constant.
    /// </summary>
    public LinearForm Part(out long scale)
    {
        scale = Content();
        if (scale == 0)
        {
            return this;
        }

        if (terms[0].Coefficient < 0)
        {
            scale = -scale;
        }

        return scale == 1 && Constant == 0 ? this : Divide(scale, 0);
    }

    public Dim ToDim(DimContext context)
    {
        var builder = new PolynomialBuilder(context);
        builder.AddTerm(context.One, Constant);
        foreach (var term in terms)
        {
            builder.AddTerm(term.Monomial, term.Coefficient);
        }

        return builder.ToDim();
    }

    public bool Equals([NotNullWhen(true)] LinearForm? other) => ReferenceEquals(this, other)
        || (other is not null && hash == other.hash && Constant == other.Constant && terms.AsSpan().SequenceEqual(other.terms));

    public override bool Equals(object? obj) => Equals(obj as LinearForm);

    public override int GetHashCode() => hash;

    private static DimTerm[] Sort(ReadOnlySpan<DimTerm> source)
    {
        var sorted = source.ToArray();
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Monomial.Id < sorted[i - 1].Monomial.Id)
            {
                Array.Sort(sorted, static (a, b) => a.Monomial.Id.CompareTo(b.Monomial.Id));
                break;
            }
        }

        return sorted;
    }

    private static LinearForm Merge(long constant, DimTerm[] left, long leftScale, DimTerm[] right, long rightScale)
    {
        var merged = new DimTerm[left.Length + right.Length];
        int count = 0, i = 0, j = 0;
        while (i < left.Length || j < right.Length)
        {
            var order = i == left.Length ? 1 : j == right.Length ? -1 : left[i].Monomial.Id.CompareTo(right[j].Monomial.Id);
            var monomial = order <= 0 ? left[i].Monomial : right[j].Monomial;
            var coefficient = 0L;
            if (order <= 0)
            {
                coefficient = checked(leftScale * left[i++].Coefficient);
            }

            if (order >= 0)
            {
                coefficient = checked(coefficient + (rightScale * right[j++].Coefficient));
            }

            if (coefficient != 0)
            {
                merged[count++] = new DimTerm(coefficient, monomial);
            }
        }

        Array.Resize(ref merged, count);
        return new LinearForm(constant, merged);
    }

    private LinearForm Divide(long divisor, long constant)
    {
        var divided = new DimTerm[terms.Length];
        for (var i = 0; i < terms.Length; i++)
        {
            divided[i] = new DimTerm(terms[i].Coefficient / divisor, terms[i].Monomial);
        }

        return new LinearForm(constant, divided);
    }
}
