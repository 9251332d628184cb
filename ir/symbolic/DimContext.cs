using System.Collections.Immutable;

namespace Dlc.IR.Symbolic;

/// <summary>Owns and interns dims. Safe to use from several threads.</summary>
public sealed class DimContext
{
    /// <summary>Most terms that a polynomial may have.</summary>
    public const int MaximumTerms = 4096;

    private readonly Lock gate = new();
    private readonly Dictionary<Dim, Dim> interned = new(ContentComparer.Instance);
    private readonly Dictionary<long, Dim> constants = [];
    private readonly Dictionary<string, Dim> symbols = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> freshNumbers = new(StringComparer.Ordinal);
    private readonly List<Dim> symbolList = [];
    private readonly List<Dim> all = [];

    /// <summary>Creates an empty table.</summary>
    public DimContext()
    {
        Zero = Const(0);
        One = Const(1);
    }

    /// <summary>The constant 0.</summary>
    public Dim Zero { get; }

    /// <summary>The constant 1.</summary>
    public Dim One { get; }

    /// <summary>The symbols in order of creation (a copy).</summary>
    public IReadOnlyList<Dim> Symbols
    {
        get
        {
            lock (gate)
            {
                return [.. symbolList];
            }
        }
    }

    /// <summary>Number of dims made so far; ids lie below it.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return all.Count;
            }
        }
    }

    /// <summary>The dim with this id.</summary>
    public Dim this[int id]
    {
        get
        {
            lock (gate)
            {
                return all[id];
            }
        }
    }

    /// <summary>A dim as a polynomial: its constant and its terms in monomial order.</summary>
    public static (long Constant, ImmutableArray<DimTerm> Terms) Polynomial(Dim dim) => dim.Kind switch
    {
        DimKind.Constant => (dim.Constant, []),
        DimKind.Sum => (dim.Constant, dim.Terms),
        _ => (0, [new DimTerm(1, dim)]),
    };

    /// <summary>The sorted atoms of a monomial, repeated for powers.</summary>
    public static ImmutableArray<Dim> Factors(Dim monomial) => monomial.Kind switch
    {
        DimKind.Constant when monomial.Constant == 1 => [],
        DimKind.Constant or DimKind.Sum => throw new ArgumentException($"'{monomial}' is not a monomial.", nameof(monomial)),
        _ => monomial.Factors,
    };

    /// <summary>The integer <paramref name="value"/>.</summary>
    public Dim Const(long value)
    {
        lock (gate)
        {
            if (!constants.TryGetValue(value, out var dim))
            {
                dim = Add(new Dim(this, DimKind.Constant, value, null, [], []));
                constants.Add(value, dim);
            }

            return dim;
        }
    }

    /// <summary>The symbol with this name, made on first use. Any text but the empty one is a name.</summary>
    public Dim Symbol(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        lock (gate)
        {
            if (!symbols.TryGetValue(name, out var dim))
            {
                dim = Add(new Dim(this, DimKind.Symbol, 0, name, [], []));
                symbols.Add(name, dim);
                symbolList.Add(dim);
            }

            return dim;
        }
    }

    /// <summary>A symbol that did not exist: <paramref name="prefix"/> followed by the next free number.</summary>
    public Dim FreshSymbol(string prefix)
    {
        lock (gate)
        {
            var number = freshNumbers.GetValueOrDefault(prefix);
            while (symbols.ContainsKey($"{prefix}{number}"))
            {
                number++;
            }

            freshNumbers[prefix] = number + 1;
            return Symbol($"{prefix}{number}");
        }
    }

    /// <summary>Whether a symbol with this name exists.</summary>
    public bool HasSymbol(string name)
    {
        lock (gate)
        {
            return symbols.ContainsKey(name);
        }
    }

    /// <summary>Sum of many dims: cheaper than adding one by one.</summary>
    public Dim Sum(IEnumerable<Dim> operands)
    {
        var builder = new PolynomialBuilder(this);
        foreach (var operand in operands)
        {
            builder.Add(operand, 1);
        }

        return builder.ToDim();
    }

    /// <summary>Product of many dims.</summary>
    public Dim Product(IEnumerable<Dim> operands)
    {
        var result = One;
        foreach (var operand in operands)
        {
            result = Multiply(result, operand);
        }

        return result;
    }

    internal Dim Combine(Dim left, long scale, Dim right)
    {
        Check(left);
        Check(right);
        var (leftConstant, leftTerms) = Polynomial(left);
        var (rightConstant, rightTerms) = Polynomial(right);
        var constant = checked(leftConstant + (scale * rightConstant));
        if (leftTerms.IsEmpty && rightTerms.IsEmpty)
        {
            return Const(constant);
        }

        var terms = ImmutableArray.CreateBuilder<DimTerm>(leftTerms.Length + rightTerms.Length);
        int i = 0, j = 0;
        while (i < leftTerms.Length || j < rightTerms.Length)
        {
            var order = i == leftTerms.Length ? 1
                : j == rightTerms.Length ? -1
                : DimOrder.CompareMonomials(leftTerms[i].Monomial, rightTerms[j].Monomial);
            if (order < 0)
            {
                terms.Add(leftTerms[i++]);
            }
            else if (order > 0)
            {
                terms.Add(new DimTerm(checked(scale * rightTerms[j].Coefficient), rightTerms[j].Monomial));
                j++;
            }
            else
            {
                var coefficient = checked(leftTerms[i].Coefficient + (scale * rightTerms[j].Coefficient));
                if (coefficient != 0)
                {
                    terms.Add(new DimTerm(coefficient, leftTerms[i].Monomial));
                }

                i++;
                j++;
            }
        }

        return FromTerms(constant, terms.ToImmutable());
    }

    internal Dim Scale(Dim value, long factor)
    {
        Check(value);
        if (factor == 1)
        {
            return value;
        }

        if (factor == 0)
        {
            return Zero;
        }

        var (constant, terms) = Polynomial(value);
        var scaled = ImmutableArray.CreateBuilder<DimTerm>(terms.Length);
        foreach (var term in terms)
        {
            scaled.Add(new DimTerm(checked(term.Coefficient * factor), term.Monomial));
        }

        return FromTerms(checked(constant * factor), scaled.ToImmutable());
    }

    internal Dim Multiply(Dim left, Dim right)
    {
        Check(left);
        Check(right);
        if (left.IsConstant)
        {
            return Scale(right, left.Constant);
        }

        if (right.IsConstant)
        {
            return Scale(left, right.Constant);
        }

        var (leftConstant, leftTerms) = Polynomial(left);
        var (rightConstant, rightTerms) = Polynomial(right);
        var builder = new PolynomialBuilder(this);
        builder.Add(right, leftConstant);
        foreach (var term in leftTerms)
        {
            builder.Add(term.Monomial, checked(term.Coefficient * rightConstant));
            foreach (var other in rightTerms)
            {
                builder.AddTerm(MultiplyMonomials(term.Monomial, other.Monomial), checked(term.Coefficient * other.Coefficient));
            }
        }

        return builder.ToDim();
    }

    /// <summary>Product of two monomials; <see cref="One"/> is the empty monomial.</summary>
    internal Dim MultiplyMonomials(Dim left, Dim right)
    {
        var a = Factors(left);
        var b = Factors(right);
        var atoms = ImmutableArray.CreateBuilder<Dim>(a.Length + b.Length);
        int i = 0, j = 0;
        while (i < a.Length || j < b.Length)
        {
            var takeLeft = j == b.Length || (i < a.Length && DimOrder.CompareAtoms(a[i], b[j]) <= 0);
            atoms.Add(takeLeft ? a[i++] : b[j++]);
        }

        return Monomial(atoms.ToImmutable());
    }

    /// <summary>The monomial with these sorted atoms.</summary>
    internal Dim Monomial(ImmutableArray<Dim> atoms) => atoms.Length switch
    {
        0 => One,
        1 => atoms[0],
        _ => Intern(new Dim(this, DimKind.Product, 0, null, [], atoms)),
    };

    /// <summary>The polynomial with these sorted, non-zero terms.</summary>
    internal Dim FromTerms(long constant, ImmutableArray<DimTerm> terms)
    {
        if (terms.IsEmpty)
        {
            return Const(constant);
        }

        if (terms.Length > MaximumTerms)
        {
            throw new DimTooLargeException($"A symbolic size has {terms.Length} terms; at most {MaximumTerms} are supported.");
        }

        return constant == 0 && terms.Length == 1 && terms[0].Coefficient == 1
            ? terms[0].Monomial
            : Intern(new Dim(this, DimKind.Sum, constant, null, terms, []));
    }

    internal Dim Intern(Dim candidate)
    {
        lock (gate)
        {
            if (!interned.TryGetValue(candidate, out var dim))
            {
                dim = Add(candidate);
                interned.Add(dim, dim);
            }

            return dim;
        }
    }

    internal void Check(Dim dim)
    {
        if (!ReferenceEquals(dim.Context, this))
        {
            throw new ArgumentException($"'{dim}' belongs to another DimContext.", nameof(dim));
        }
    }

    private Dim Add(Dim dim)
    {
        dim.Id = all.Count;
        all.Add(dim);
        return dim;
    }

    /// <summary>Equality of content, given that operands are interned already.</summary>
    private sealed class ContentComparer : IEqualityComparer<Dim>
    {
        public static readonly ContentComparer Instance = new();

        public bool Equals(Dim? x, Dim? y) => ReferenceEquals(x, y)
            || (x is not null && y is not null && x.ContentHash == y.ContentHash && x.Kind == y.Kind && x.Constant == y.Constant
                && x.Terms.AsSpan().SequenceEqual(y.Terms.AsSpan()) && x.Operands.AsSpan().SequenceEqual(y.Operands.AsSpan()));

        public int GetHashCode(Dim obj) => (int)(obj.ContentHash ^ (obj.ContentHash >> 32));
    }
}
