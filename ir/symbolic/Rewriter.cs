namespace Dlc.IR.Symbolic;

/// <summary>
/// Brings dims into a normal form under the known equalities: eliminated symbols are replaced, monomials are reduced by rules, and a
/// symbol divisible by d is written <c>d*floordiv(s, d)</c>, so that divisions of it decide themselves.
/// </summary>
internal sealed class Rewriter
{
    private readonly DimContext context;
    private readonly Bounds bounds;
    private readonly Dictionary<Dim, Dim> eliminated = [];
    private readonly Dictionary<Dim, EqualityRule> atoms = [];
    private readonly Dictionary<Dim, Dim> external = [];
    private (Dim? Result, int Version, int BoundsVersion)[] memo = [];
    private int version = 1;

    public Rewriter(DimContext context, Bounds bounds)
    {
        this.context = context;
        this.bounds = bounds;
        Rules = new EqualityRules(context);
    }

    public EqualityRules Rules { get; }

    /// <summary>Grows whenever a rewrite is added.</summary>
    public int Version => version;

    /// <summary>Replaces a symbol for good. The value mentions neither it nor an eliminated symbol.</summary>
    public void Eliminate(Dim symbol, Dim value)
    {
        eliminated.Add(symbol, value);
        Changed();
    }

    /// <summary>What an eliminated symbol is replaced by, or null where it stands for itself.</summary>
    public Dim? ValueOf(Dim symbol) => eliminated.GetValueOrDefault(symbol);

    /// <summary>The greatest number that a symbol is written as a multiple of.</summary>
    public long Step(Dim symbol) =>
        TryNormalize(symbol) is { Kind: DimKind.Sum, Constant: 0, Terms: [{ Coefficient: > 1 and var step }] } ? step : 1;

    /// <summary>The normal form, or null where it cannot be computed with.</summary>
    public Dim? TryNormalize(Dim dim)
    {
        try
        {
            return Normalize(dim);
        }
        catch (Exception exception) when (exception is OverflowException or DimTooLargeException)
        {
            return null;
        }
    }

    /// <summary>Adds an equality that eliminates no symbol.</summary>
    public List<Dim> AddRule(Dim zero)
    {
        Changed();
        return Rules.Add(zero);
    }

    /// <summary>Writes a monomial as divisor * floordiv(monomial, divisor) from now on.</summary>
    public List<Dim> AddPin(Dim monomial, Dim divisor)
    {
        var atom = monomial.FloorDiv(divisor);
        var consequences = Rules.AddPin(monomial, divisor, atom);
        atoms[atom] = Rules.Pin(monomial)!;
        Changed();
        return consequences;
    }

    /// <summary>The pin whose quotient this is, or null.</summary>
    public EqualityRule? PinOf(Dim atom) => atoms.GetValueOrDefault(atom);

    /// <summary>Takes out a rule.</summary>
    public void Remove(EqualityRule rule)
    {
        EqualityRules.Remove(rule);
        Forget(rule);
    }

    /// <summary>Takes out the rules that mention a symbol, pins too or not.</summary>
    public List<EqualityRule> RemoveRules(Dim symbol, bool pins)
    {
        var removed = Rules.Remove(symbol, pins);
        removed.ForEach(Forget);
        return removed;
    }

    /// <summary>The normal form within which proofs work.</summary>
    public Dim Normalize(Dim root)
    {
        if (TryGetMemo(root, out var result))
        {
            return result;
        }

        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPeek(out var dim))
        {
            if (TryGetMemo(dim, out _))
            {
                work.Pop();
                continue;
            }

            if (atoms.ContainsKey(dim) || dim.IsConstant)
            {
                // A pinned quotient mentions its own dividend: it must not be taken apart again.
                SetMemo(dim, Rules.Reduce(dim));
                work.Pop();
                continue;
            }

            var ready = work.Count;
            if (eliminated.TryGetValue(dim, out var value))
            {
                Need(value);
            }

            foreach (var operand in dim.Operands)
            {
                Need(operand);
            }

            foreach (var term in dim.Terms)
            {
                Need(term.Monomial);
            }

            if (work.Count > ready)
            {
                continue;
            }

            work.Pop();
            if (value is not null)
            {
                // Path compression: the next change finds the short way.
                TryGetMemo(value, out result);
                eliminated[dim] = result;
                SetMemo(dim, result);
            }
            else
            {
                SetMemo(dim, Rules.Reduce(Rebuild(dim)));
            }
        }

        TryGetMemo(root, out result);
        return result;

        void Need(Dim operand)
        {
            if (!TryGetMemo(operand, out _))
            {
                work.Push(operand);
            }
        }
    }

    /// <summary>A normal form as users see it: multiples of pinned quotients become the symbol again.</summary>
    public Dim Externalize(Dim root)
    {
        if (atoms.Count == 0)
        {
            return root;
        }

        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPeek(out var dim))
        {
            if (external.ContainsKey(dim))
            {
                work.Pop();
                continue;
            }

            var ready = work.Count;
            if (!atoms.ContainsKey(dim))
            {
                foreach (var operand in dim.Operands)
                {
                    Need(operand);
                }

                foreach (var term in dim.Terms)
                {
                    foreach (var atom in DimContext.Factors(term.Monomial))
                    {
                        Need(atom);
                    }
                }
            }

            if (work.Count == ready)
            {
                external[dim] = atoms.ContainsKey(dim) ? dim : ExternalizeNode(dim);
                work.Pop();
            }
        }

        return external[root];

        void Need(Dim operand)
        {
            if (!external.ContainsKey(operand))
            {
                work.Push(operand);
            }
        }
    }

    private Dim ExternalizeNode(Dim dim)
    {
        switch (dim.Kind)
        {
            case DimKind.Constant or DimKind.Symbol:
                return dim;
            case DimKind.FloorDiv:
                return external[dim.Operands[0]].FloorDiv(external[dim.Operands[1]]);
            case DimKind.Min or DimKind.Max:
                return DimExtremum.Create(context, dim.Kind, dim.Operands.Select(operand => external[operand]));
            default:
                var (constant, terms) = DimContext.Polynomial(dim);
                return context.Sum(terms.Select(ExternalizeTerm).Append(context.Const(constant)));
        }
    }

    private Dim ExternalizeTerm(DimTerm term)
    {
        var coefficient = term.Coefficient;
        var left = DimContext.Factors(term.Monomial).ToList();
        var result = context.One;
        while (left.Count > 0)
        {
            var atom = left[0];
            left.RemoveAt(0);
            if (!atoms.TryGetValue(atom, out var pin))
            {
                result *= external[atom];
            }
            else if (pin.Divisor!.IsConstant)
            {
                // g*floordiv(m, d) = floordiv(m, d/g), as d divides m.
                var gcd = IntegerMath.Gcd(coefficient, pin.Divisor.Constant);
                coefficient /= gcd;
                result *= pin.Leading.FloorDiv(pin.Divisor.Constant / gcd);
            }
            else
            {
                var (_, divisors) = DimContext.Polynomial(pin.Divisor);
                var rest = left.ToList();
                var whole = divisors.Length == 1 && coefficient % divisors[0].Coefficient == 0
                    && DimContext.Factors(divisors[0].Monomial).All(rest.Remove);
                result *= whole ? pin.Leading : atom;
                if (whole)
                {
                    coefficient /= divisors[0].Coefficient;
                    left = rest;
                }
            }
        }

        return coefficient * result;
    }

    private Dim Rebuild(Dim dim)
    {
        switch (dim.Kind)
        {
            case DimKind.Symbol:
                return dim;
            case DimKind.FloorDiv:
                return DropBoundedRest(Get(dim.Operands[0]).FloorDiv(Get(dim.Operands[1])));
            case DimKind.Min or DimKind.Max:
                return Extremum(dim);
            case DimKind.Product:
                return dim.Operands.All(operand => ReferenceEquals(Get(operand), operand))
                    ? dim : context.Product(dim.Operands.Select(Get));
            case DimKind.Sum:
                if (dim.Terms.All(term => ReferenceEquals(Get(term.Monomial), term.Monomial)))
                {
                    return dim;
                }

                var builder = new PolynomialBuilder(context);
                builder.AddTerm(context.One, dim.Constant);
                foreach (var term in dim.Terms)
                {
                    builder.Add(Get(term.Monomial), term.Coefficient);
                }

                return builder.ToDim();
            default:
                throw new InvalidOperationException($"Unknown kind of dim: {dim.Kind}.");
        }
    }

    /// <summary>A quotient whose range is one value is that value.</summary>
    private Dim DropBoundedRest(Dim quotient)
    {
        var (constant, terms) = DimContext.Polynomial(quotient);
        var decided = terms.Where(term => term.Monomial.Kind == DimKind.FloorDiv && bounds.Of(term.Monomial).IsPoint).ToList();
        foreach (var term in decided)
        {
            quotient += term.Coefficient * (bounds.Of(term.Monomial).Minimum - term.Monomial);
        }

        return quotient;
    }

    /// <summary>Drops operands that another one always beats.</summary>
    private Dim Extremum(Dim dim)
    {
        var operands = dim.Operands.Select(Get).Distinct().ToList();
        for (var i = operands.Count - 1; i >= 0 && operands.Count > 1; i--)
        {
            for (var j = 0; j < operands.Count; j++)
            {
                var (low, high) = dim.Kind == DimKind.Min ? (operands[j], operands[i]) : (operands[i], operands[j]);
                if (i != j && LinearForm.Difference(high, low) is { } difference && bounds.Of(difference).Minimum >= 0)
                {
                    operands.RemoveAt(i);
                    break;
                }
            }
        }

        return DimExtremum.Create(context, dim.Kind, operands);
    }

    private Dim Get(Dim operand) => TryGetMemo(operand, out var result) ? result : throw new InvalidOperationException("Not normalized.");

    private void Forget(EqualityRule rule)
    {
        if (rule.Atom is not null && atoms.TryGetValue(rule.Atom, out var known) && ReferenceEquals(known, rule))
        {
            atoms.Remove(rule.Atom);
        }

        Changed();
    }

    private void Changed()
    {
        version++;
        external.Clear();
    }

    private bool TryGetMemo(Dim dim, out Dim result)
    {
        if ((uint)dim.Id < (uint)memo.Length && memo[dim.Id] is { Result: { } known } entry && entry.Version == version
            && entry.BoundsVersion == bounds.Version)
        {
            result = known;
            return true;
        }

        result = dim;
        return false;
    }

    private void SetMemo(Dim dim, Dim result)
    {
        if (dim.Id >= memo.Length)
        {
            Array.Resize(ref memo, Math.Max(Math.Max(256, dim.Id + 1), 2 * memo.Length));
        }

        memo[dim.Id] = (result, version, bounds.Version);
    }
}
