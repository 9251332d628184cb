namespace Dlc.IR.Symbolic;

/// <summary>Rewrites polynomials by equalities between monomials, such as <c>a*b = c*d</c>: bounded Buchberger completion.</summary>
internal sealed class EqualityRules(DimContext context)
{
    private const int MaximumSteps = 200;
    private const int MaximumPairs = 8;
    private const int MaximumDegree = 6;
    private const int MaximumTerms = 6;

    private readonly Dictionary<Dim, List<EqualityRule>> byAtom = [];
    private readonly Dictionary<Dim, List<EqualityRule>> bySymbol = [];

    // Only with a coefficient may a reduced polynomial still reduce to 0, once it is scaled.
    private bool hasCoefficients;

    public bool IsEmpty { get; private set; } = true;

    /// <summary>Adds a rule for a polynomial that is 0; returns polynomials that follow and that are 0 too.</summary>
    public List<Dim> Add(Dim zero)
    {
        var leading = Leading(zero);
        if (leading.Coefficient < 0)
        {
            zero = -zero;
            leading = new DimTerm(-leading.Coefficient, leading.Monomial);
        }

        return Add(new EqualityRule(zero, leading.Coefficient, leading.Monomial, null, null));
    }

    /// <summary>Adds leading = divisor * atom.</summary>
    public List<Dim> AddPin(Dim leading, Dim divisor, Dim atom) =>
        Add(new EqualityRule(leading - (divisor * atom), 1, leading, atom, divisor));

    /// <summary>Takes out the rules that mention a symbol anywhere, pins too or not.</summary>
    public List<EqualityRule> Remove(Dim symbol, bool pins)
    {
        var removed = new List<EqualityRule>();
        if (bySymbol.TryGetValue(symbol, out var rules))
        {
            foreach (var rule in rules.Where(rule => rule.Active && (pins || rule.Atom is null)))
            {
                rule.Active = false;
                removed.Add(rule);
            }

            rules.RemoveAll(rule => !rule.Active);
        }

        return removed;
    }

    /// <summary>Takes out one rule.</summary>
    public static void Remove(EqualityRule rule) => rule.Active = false;

    /// <summary>The pin of this monomial, or null.</summary>
    public EqualityRule? Pin(Dim leading) =>
        Bucket(DimContext.Factors(leading)[0]).Find(rule => rule.Active && rule.Atom is not null && ReferenceEquals(rule.Leading, leading));

    /// <summary>Rewrites every term that a rule matches with a whole multiple.</summary>
    public Dim Reduce(Dim polynomial) => IsEmpty ? polynomial : Reduce(polynomial, scale: false);

    /// <summary>For a reduced polynomial: whether some multiple of it reduces to 0, so that the two sides are equal.</summary>
    public bool IsZero(Dim left, Dim right) => hasCoefficients && IsZero(left - right);

    private bool IsZero(Dim polynomial) => polynomial.Is(0) || (hasCoefficients && Reduce(polynomial, scale: true).Is(0));

    private List<Dim> Add(EqualityRule rule)
    {
        IsEmpty = false;
        hasCoefficients |= rule.Coefficient != 1;
        var consequences = new List<Dim>();
        var atoms = DimContext.Factors(rule.Leading);
        foreach (var other in atoms.Distinct().SelectMany(Bucket).Where(other => other.Active).Distinct().Take(MaximumPairs))
        {
            if (Divide(other.Leading, rule.Leading) is not null && other.Atom is null)
            {
                // The new rule rewrites the old one: it comes back in a simpler form.
                other.Active = false;
                consequences.Add(other.Zero);
            }
            else if (Critical(rule, other) is { } critical)
            {
                consequences.Add(critical);
            }
        }

        foreach (var atom in atoms.Distinct())
        {
            Register(byAtom, atom, rule);
        }

        foreach (var symbol in SymbolSet.Of(rule.Zero))
        {
            Register(bySymbol, symbol, rule);
        }

        return consequences;
    }

    private static void Register(Dictionary<Dim, List<EqualityRule>> index, Dim key, EqualityRule rule)
    {
        if (!index.TryGetValue(key, out var rules))
        {
            index.Add(key, rules = []);
        }

        rules.Add(rule);
    }

    /// <summary>Leading term: greatest degree, then quotients and extrema before symbols, then later symbols before earlier ones.</summary>
    private static DimTerm Leading(Dim zero)
    {
        var (_, terms) = DimContext.Polynomial(zero);
        var best = terms[0];
        for (var i = 1; i < terms.Length; i++)
        {
            if (Precedes(terms[i].Monomial, best.Monomial))
            {
                best = terms[i];
            }
        }

        return best;
    }

    private static bool Precedes(Dim left, Dim right)
    {
        if (left.Degree != right.Degree)
        {
            return left.Degree > right.Degree;
        }

        var a = DimContext.Factors(left).Sort(CompareRank);
        var b = DimContext.Factors(right).Sort(CompareRank);
        for (var i = 0; i < a.Length; i++)
        {
            var order = CompareRank(a[i], b[i]);
            if (order != 0)
            {
                return order < 0;
            }
        }

        return false;
    }

    private static int CompareRank(Dim left, Dim right) => left.IsSymbol && right.IsSymbol ? right.Id.CompareTo(left.Id)
        : left.IsSymbol || right.IsSymbol ? left.IsSymbol.CompareTo(right.IsSymbol)
        : DimOrder.CompareAtoms(left, right);

    private List<EqualityRule> Bucket(Dim atom) => byAtom.GetValueOrDefault(atom) ?? [];

    private Dim Reduce(Dim polynomial, bool scale)
    {
        for (var step = 0; step < MaximumSteps; step++)
        {
            var (_, terms) = DimContext.Polynomial(polynomial);
            Dim? next = null;
            foreach (var term in terms)
            {
                if (Match(term, scale) is var (rule, quotient))
                {
                    var gcd = IntegerMath.Gcd(term.Coefficient, rule.Coefficient);
                    var (own, factor) = (rule.Coefficient / gcd, term.Coefficient / gcd);
                    next = (polynomial * own) - (factor * (quotient * rule.Zero));
                    break;
                }
            }

            if (next is null)
            {
                return polynomial;
            }

            polynomial = next;
        }

        return polynomial;
    }

    private (EqualityRule Rule, Dim Quotient)? Match(DimTerm term, bool scale)
    {
        Dim? previous = null;
        foreach (var atom in DimContext.Factors(term.Monomial))
        {
            if (ReferenceEquals(atom, previous))
            {
                continue;
            }

            previous = atom;
            foreach (var rule in Bucket(atom))
            {
                if (rule.Active && (scale || term.Coefficient % rule.Coefficient == 0)
                    && Divide(term.Monomial, rule.Leading) is { } quotient)
                {
                    return (rule, quotient);
                }
            }
        }

        return null;
    }

    /// <summary>The combination of two rules in which their leading terms cancel.</summary>
    private Dim? Critical(EqualityRule left, EqualityRule right)
    {
        var pool = DimContext.Factors(right.Leading).ToList();
        var leftOnly = DimContext.Factors(left.Leading).Where(atom => !pool.Remove(atom)).ToList();
        var leftFactor = context.Product(pool);
        var rightFactor = context.Product(leftOnly);
        if (left.Leading.Degree + leftFactor.Degree > MaximumDegree)
        {
            return null;
        }

        var gcd = IntegerMath.Gcd(left.Coefficient, right.Coefficient);
        var combination = (right.Coefficient / gcd * (leftFactor * left.Zero)) - (left.Coefficient / gcd * (rightFactor * right.Zero));
        return combination.Is(0) || DimContext.Polynomial(combination).Terms.Length > MaximumTerms ? null : combination;
    }

    private static Dim? Divide(Dim monomial, Dim divisor) => monomial.Degree < divisor.Degree ? null
        : ReferenceEquals(monomial, divisor) ? monomial.Context.One
        : DimDivision.TryDivideMonomial(monomial, divisor);
}
