namespace Dlc.IR.Symbolic;

/// <summary>
/// What is known of the symbols of one module: equalities, inequalities, divisibility, ranges, likely values, each with its source; and the
/// guards that compiled code relies on. Answers are proofs, never guesses.
/// </summary>
public sealed class Facts
{
    private readonly List<Fact> all = [];
    private readonly List<Guard> guards = [];
    private readonly Dictionary<Dim, DimRange> ranges = [];
    private readonly Dictionary<Dim, IReadOnlyList<long>> likely = [];
    private readonly Dictionary<Dim, Dim> rewrites = [];
    private readonly HashSet<Dim> zeros = [];
    private readonly HashSet<(Dim Left, Dim Right)> divisible = [];
    private DimSubstitution? simplifier;

    /// <summary>Creates an empty collection.</summary>
    public Facts(DimContext context)
    {
        Context = context;
    }

    /// <summary>The table whose dims the facts speak of.</summary>
    public DimContext Context { get; }

    /// <summary>Everything assumed, in order, guards included.</summary>
    public IReadOnlyList<Fact> All => all;

    /// <summary>What the runtime has to check, in order.</summary>
    public IReadOnlyList<Guard> Guards => guards;

    /// <summary>Creates a symbol with a range; a tensor dim is never negative.</summary>
    public Dim NewDim(string name, long min = 0, long max = long.MaxValue, string source = "dim")
    {
        var symbol = Context.Symbol(name);
        AssumeRange(symbol, min, max, source);
        return symbol;
    }

    /// <summary>Adds a fact. It must be true of every binding that will ever be used.</summary>
    /// <exception cref="DimContradictionException">The known facts refute it.</exception>
    public void Assume(Dim left, Relation relation, Dim right, string source)
    {
        var known = Prove(left, relation, right);
        if (known == Proof.False)
        {
            throw new DimContradictionException($"'{Describe(left, relation, right)}' ({source}) contradicts what is known.");
        }

        all.Add(new Fact(left, relation, right, source));
        if (known == Proof.True)
        {
            return;
        }

        switch (relation)
        {
            case Relation.Equal:
                AssumeZero(Simplify(left) - Simplify(right));
                break;
            case Relation.LessOrEqual:
                AssumeNonNegative(Simplify(right) - Simplify(left));
                break;
            case Relation.Less:
                AssumeNonNegative(Simplify(right) - Simplify(left) - 1);
                break;
            case Relation.Divisible:
                divisible.Add((left, right));
                divisible.Add((Simplify(left), Simplify(right)));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(relation));
        }
    }

    /// <summary>Adds <c>min &lt;= dim &lt;= max</c>; the extreme values of <see cref="long"/> mean no bound.</summary>
    public void AssumeRange(Dim dim, long min, long max, string source)
    {
        if (min != long.MinValue)
        {
            Assume(Context.Const(min), Relation.LessOrEqual, dim, source);
        }

        if (max != long.MaxValue)
        {
            Assume(dim, Relation.LessOrEqual, Context.Const(max), source);
        }
    }

    /// <summary>Adds values that are worth specialising for; nothing is proved from them.</summary>
    public void AssumeLikely(Dim dim, IEnumerable<long> values, string source)
    {
        _ = source;
        likely[dim] = [.. Likely(dim).Union(values)];
    }

    /// <summary>Values worth specialising for, in the order given.</summary>
    public IReadOnlyList<long> Likely(Dim dim) => likely.GetValueOrDefault(dim) ?? [];

    /// <summary>Whether the relation follows from the facts, or its opposite does.</summary>
    public Proof Prove(Dim left, Relation relation, Dim right)
    {
        switch (relation)
        {
            case Relation.Equal:
                if (ReferenceEquals(left, right))
                {
                    return Proof.True;
                }

                var difference = Simplify(left) - Simplify(right);
                if (difference.Is(0) || zeros.Contains(difference) || zeros.Contains(-difference))
                {
                    return Proof.True;
                }

                var range = Range(difference);
                return range is { Minimum: 0, Maximum: 0 } ? Proof.True : range.Contains(0) ? Proof.Unknown : Proof.False;
            case Relation.LessOrEqual:
                return ProveNonNegative(Simplify(right) - Simplify(left));
            case Relation.Less:
                return ProveNonNegative(Simplify(right) - Simplify(left) - 1);
            case Relation.Divisible:
                var dividend = Simplify(left);
                var divisor = Simplify(right);
                if (divisor.Is(0))
                {
                    return Proof.False;
                }

                if (divisible.Contains((left, right)) || divisible.Contains((dividend, divisor)))
                {
                    return Proof.True;
                }

                // A divisor that may be 0 divides nothing there.
                var divides = divisor.IsConstant || !Range(divisor).Contains(0);
                if (!divides)
                {
                    return Proof.Unknown;
                }

                if (dividend.DivideExact(divisor) is not null)
                {
                    return Proof.True;
                }

                return dividend.IsConstant && divisor.IsConstant ? Proof.False : Proof.Unknown;
            default:
                throw new ArgumentOutOfRangeException(nameof(relation));
        }
    }

    /// <summary>left = right.</summary>
    public Proof ProveEqual(Dim left, Dim right) => Prove(left, Relation.Equal, right);

    /// <summary>left = right.</summary>
    public Proof ProveEqual(Dim left, long right) => Prove(left, Relation.Equal, Context.Const(right));

    /// <summary>left &lt;= right.</summary>
    public Proof ProveLessOrEqual(Dim left, Dim right) => Prove(left, Relation.LessOrEqual, right);

    /// <summary>left &lt;= right.</summary>
    public Proof ProveLessOrEqual(Dim left, long right) => Prove(left, Relation.LessOrEqual, Context.Const(right));

    /// <summary>left &lt; right.</summary>
    public Proof ProveLess(Dim left, Dim right) => Prove(left, Relation.Less, right);

    /// <summary>left &lt; right.</summary>
    public Proof ProveLess(Dim left, long right) => Prove(left, Relation.Less, Context.Const(right));

    /// <summary>left mod right = 0.</summary>
    public Proof ProveDivisible(Dim left, Dim right) => Prove(left, Relation.Divisible, right);

    /// <summary>left mod right = 0.</summary>
    public Proof ProveDivisible(Dim left, long right) => Prove(left, Relation.Divisible, Context.Const(right));

    /// <summary>Whether the relation is proved; false also where nothing is known.</summary>
    public bool IsTrue(Dim left, Relation relation, Dim right) => Prove(left, relation, right) == Proof.True;

    /// <summary>Makes sure of a relation: nothing where it is proved, else a guard that the runtime checks and that is assumed from then on.</summary>
    /// <exception cref="DimContradictionException">The facts refute it.</exception>
    public void Require(Dim left, Relation relation, Dim right, string reason)
    {
        switch (Prove(left, relation, right))
        {
            case Proof.True:
                return;
            case Proof.False:
                throw new DimContradictionException($"'{Describe(left, relation, right)}' is required ({reason}) but can never hold.");
            default:
                guards.Add(new Guard(left, relation, right, reason));
                Assume(left, relation, right, $"guard: {reason}");
                return;
        }
    }

    /// <summary>An equal dim, the same for all dims that the facts are seen to equate.</summary>
    public Dim Simplify(Dim dim) => (simplifier ??= new DimSubstitution(Context, rewrites)).Apply(dim);

    /// <summary>Bounds that follow from the facts.</summary>
    public DimRange Range(Dim dim) => new IntervalArithmetic(ranges).Range(dim);

    internal static string Describe(Dim left, Relation relation, Dim right) => relation switch
    {
        Relation.Equal => $"{left} = {right}",
        Relation.LessOrEqual => $"{left} <= {right}",
        Relation.Less => $"{left} < {right}",
        Relation.Divisible => $"{left} % {right} = 0",
        _ => throw new ArgumentOutOfRangeException(nameof(relation)),
    };

    private Proof ProveNonNegative(Dim difference)
    {
        var range = Range(difference);
        return range.Minimum >= 0 ? Proof.True : range.Maximum < 0 ? Proof.False : Proof.Unknown;
    }

    private void AssumeNonNegative(Dim difference)
    {
        // c + part >= 0 bounds the part from below; by its negation, the opposite part from above.
        var constant = DimContext.Polynomial(difference).Constant;
        var part = difference - constant;
        if (constant == long.MinValue)
        {
            return;
        }

        var gcd = DimContext.Polynomial(part).Terms.Aggregate(0L, (g, term) => IntegerMath.Gcd(g, term.Coefficient));
        part = part.DivideExact(Context.Const(gcd))!;
        var bound = IntegerMath.CeilDiv(-constant, gcd);
        Narrow(part, new DimRange(bound, long.MaxValue));
        if (bound != long.MinValue)
        {
            Narrow(-part, new DimRange(long.MinValue, -bound));
        }
    }

    private void Narrow(Dim part, DimRange range) =>
        ranges[part] = ranges.TryGetValue(part, out var known) ? known.Intersect(range) : range;

    private void AssumeZero(Dim difference)
    {
        var (constant, terms) = DimContext.Polynomial(difference);
        for (var i = terms.Length - 1; i >= 0; i--)
        {
            var (coefficient, monomial) = terms[i];
            if (coefficient is not (1 or -1) || !monomial.IsSymbol || Mentions(difference, monomial))
            {
                continue;
            }

            var value = coefficient == 1 ? monomial - difference : difference + monomial;
            var one = new DimSubstitution(Context, [KeyValuePair.Create(monomial, value)]);
            foreach (var (symbol, old) in rewrites.ToList())
            {
                rewrites[symbol] = one.Apply(old);
            }

            rewrites.Add(monomial, value);
            foreach (var (part, range) in ranges.ToList())
            {
                var simpler = one.Apply(part);
                if (!ReferenceEquals(simpler, part) && !simpler.IsConstant)
                {
                    var offset = DimContext.Polynomial(simpler).Constant;
                    var bounded = IntervalArithmetic.Add(range, new DimRange(-offset, -offset));
                    if (bounded.Minimum != long.MinValue)
                    {
                        AssumeNonNegative(simpler - offset - bounded.Minimum);
                    }

                    if (bounded.Maximum != long.MaxValue)
                    {
                        AssumeNonNegative(bounded.Maximum - (simpler - offset));
                    }
                }
            }

            simplifier = null;
            return;
        }

        zeros.Add(difference);
        if (terms.Length == 1)
        {
            AssumeNonNegative(difference);
            AssumeNonNegative(-difference);
        }

        _ = constant;
    }

    /// <summary>Whether a symbol occurs anywhere but as a linear term of its own.</summary>
    private bool Mentions(Dim polynomial, Dim symbol)
    {
        var probe = new DimSubstitution(Context, [KeyValuePair.Create(symbol, Context.Zero)]);
        return DimContext.Polynomial(polynomial).Terms.Any(
            term => !ReferenceEquals(term.Monomial, symbol) && !ReferenceEquals(probe.Apply(term.Monomial), term.Monomial));
    }
}
