using System.Collections.Immutable;

namespace Dlc.IR.Symbolic;

/// <summary>Orders and hashes dims by content alone, so that canonical forms agree between contexts and processes.</summary>
internal static class DimOrder
{
    private const ulong Prime = 0x100000001b3;

    public static ulong Hash(
        DimKind kind, long constant, string? name, ImmutableArray<DimTerm> terms, ImmutableArray<Dim> operands)
    {
        var hash = Mix(0xcbf29ce484222325 ^ (ulong)kind, (ulong)constant);
        if (name is not null)
        {
            foreach (var letter in name)
            {
                hash = (hash ^ letter) * Prime;
            }
        }

        foreach (var term in terms)
        {
            hash = Mix(Mix(hash, (ulong)term.Coefficient), term.Monomial.ContentHash);
        }

        foreach (var operand in operands)
        {
            hash = Mix(hash, operand.ContentHash);
        }

        return hash;
    }

    /// <summary>Order of atoms: symbols by name, then the rest by content.</summary>
    public static int CompareAtoms(Dim left, Dim right)
    {
        if (ReferenceEquals(left, right))
        {
            return 0;
        }

        if (left.IsSymbol || right.IsSymbol)
        {
            return left.IsSymbol && right.IsSymbol ? string.CompareOrdinal(left.Name, right.Name) : left.IsSymbol ? -1 : 1;
        }

        var order = left.Kind.CompareTo(right.Kind);
        order = order != 0 ? order : left.ContentHash.CompareTo(right.ContentHash);

        // Two contents with one 64-bit hash: the text still tells them apart.
        return order != 0 ? order : string.CompareOrdinal(left.ToString(), right.ToString());
    }

    /// <summary>
    /// Graded lexicographic order, greatest first: negative where <paramref name="left"/> is written before <paramref name="right"/>. It is
    /// compatible with multiplication, which polynomial division relies on.
    /// </summary>
    public static int CompareMonomials(Dim left, Dim right)
    {
        if (ReferenceEquals(left, right))
        {
            return 0;
        }

        var degree = left.Degree;
        if (degree != right.Degree)
        {
            return degree > right.Degree ? -1 : 1;
        }

        if (degree <= 1)
        {
            return CompareAtoms(left, right);
        }

        for (var i = 0; i < degree; i++)
        {
            var order = CompareAtoms(left.Operands[i], right.Operands[i]);
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    /// <summary>Order of polynomials that ignores the additive constants; constants come last.</summary>
    public static int ComparePolynomials(Dim left, Dim right)
    {
        var (leftConstant, leftTerms) = DimContext.Polynomial(left);
        var (rightConstant, rightTerms) = DimContext.Polynomial(right);
        for (var i = 0; i < leftTerms.Length && i < rightTerms.Length; i++)
        {
            var order = CompareMonomials(leftTerms[i].Monomial, rightTerms[i].Monomial);
            order = order != 0 ? order : leftTerms[i].Coefficient.CompareTo(rightTerms[i].Coefficient);
            if (order != 0)
            {
                return order;
            }
        }

        var length = rightTerms.Length.CompareTo(leftTerms.Length);
        return length != 0 ? length : leftConstant.CompareTo(rightConstant);
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9e3779b97f4a7c15;
        return hash ^ (hash >> 29);
    }
}
