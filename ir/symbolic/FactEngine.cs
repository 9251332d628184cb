namespace Dlc.IR.Symbolic;

/// <summary>Takes facts apart into rewrites, bounds, inequalities and divisibility. <see cref="Facts"/> is the door to it.</summary>
internal sealed class FactEngine
{
    /// <summary>Equalities that one assumption may lead to.</summary>
    private const int EqualitiesPerAssumption = 64;

    private readonly DimContext context;
    private readonly Bounds bounds = new();
    private readonly Rewriter rewriter;
    private readonly InequalityStore store;
    private readonly Witnesses witnesses;
    private readonly ClaimProver claims;
    private readonly DivisibilityStore divisibility;
    private readonly Queue<Dim> zeros = [];

    public FactEngine(DimContext context)
    {
        this.context = context;
        rewriter = new Rewriter(context, bounds);
        store = new InequalityStore(rewriter, bounds);
        divisibility = new DivisibilityStore(rewriter);
        witnesses = new Witnesses(rewriter, bounds);
        claims = new ClaimProver(rewriter, bounds, new InequalityProver(rewriter, bounds, store, witnesses), divisibility, witnesses);
    }

    public Dim Simplify(Dim dim) => rewriter.Externalize(rewriter.Normalize(dim));

    public DimRange Range(Dim dim) => bounds.Of(rewriter.Normalize(dim));

    public Proof Prove(Dim left, Relation relation, Dim right) => claims.Prove(left, relation, right);

    public Proof Preview(Dim left, Relation relation, Dim right) => claims.Preview(left, relation, right);

    /// <summary>One more fact that witnesses have to satisfy, whether or not anything new follows from it.</summary>
    public void Learn(Fact fact) => witnesses.Learn(fact);

    public void Assume(Dim left, Relation relation, Dim right)
    {
        switch (relation)
        {
            case Relation.Equal:
                zeros.Enqueue(left - right);
                break;
            case Relation.LessOrEqual:
                AssumeNonNegative(right - left);
                break;
            case Relation.Less:
                AssumeNonNegative(right - left - 1);
                break;
            case Relation.Divisible:
                AssumeDivisible(left, right);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(relation));
        }

        for (var step = 0; step < EqualitiesPerAssumption && zeros.TryDequeue(out var zero); step++)
        {
            AssumeZero(zero);
            if (zeros.Count == 0)
            {
                store.Propagate();
                Recheck();
            }
        }

        zeros.Clear();
        store.Propagate();
        Recheck();
        zeros.Clear();
    }

    private void AssumeNonNegative(Dim expression) => store.Add(expression);

    /// <summary>Rules that became simpler because a factor cannot be 0.</summary>
    private void Recheck()
    {
        foreach (var symbol in store.BecameNonZero.SelectMany(SymbolSet.Of).Distinct().ToList())
        {
            if (rewriter.Rules.IsEmpty)
            {
                break;
            }

            Reprocess(rewriter.RemoveRules(symbol, pins: false));
        }

        store.BecameNonZero.Clear();
        for (var step = 0; step < EqualitiesPerAssumption && zeros.TryDequeue(out var zero); step++)
        {
            AssumeZero(zero);
        }
    }

    private void Reprocess(List<EqualityRule> rules)
    {
        foreach (var rule in rules)
        {
            if (rule.Atom is not null)
            {
                AssumeDivisible(rule.Leading, rule.Divisor!, isKnown: true);
            }
            else
            {
                zeros.Enqueue(rule.Zero);
            }
        }
    }

    private void AssumeZero(Dim zero)
    {
        var normal = CancelNonZero(rewriter.Normalize(zero));
        var form = LinearForm.Of(normal);
        var content = form.Content();
        if (content == 0)
        {
            if (form.Constant != 0)
            {
                throw new DimContradictionException($"The facts lead to {form.Constant} = 0.");
            }

            return;
        }

        if (IntegerMath.Mod(form.Constant, content) != 0)
        {
            throw new DimContradictionException($"The facts lead to '{normal} = 0', which has no solution.");
        }

        normal = normal.DivideExact(context.Const(content))!;
        if (Remainder(normal) is var (dividend, divisor) && !Trivial(dividend, divisor))
        {
            AssumeDivisible(dividend, divisor);
            return;
        }

        var external = rewriter.Externalize(normal);
        if (Candidate(external) is { } term)
        {
            Eliminate(term.Monomial, term.Coefficient == 1 ? term.Monomial - external : external + term.Monomial);
            return;
        }

        foreach (var consequence in rewriter.AddRule(normal))
        {
            zeros.Enqueue(consequence);
        }

        store.Add(zero);
        store.Add(-zero);
    }

    private void Eliminate(Dim symbol, Dim value)
    {
        var range = bounds.Of(symbol);
        var rules = rewriter.RemoveRules(symbol, pins: true);
        rewriter.Eliminate(symbol, value);
        store.Move(symbol, value);
        Reprocess(rules);
        store.Narrow(rewriter.Normalize(value), range);
        divisibility.Changed();

        // Quotients pinned earlier still mention the symbol: its range stays as good as that of its value.
        bounds.Narrow(symbol, bounds.Of(rewriter.Normalize(value)), out _);
    }

    /// <summary>The latest symbol that occurs once, linearly, with coefficient 1 or -1.</summary>
    private static DimTerm? Candidate(Dim zero)
    {
        DimTerm? best = null;
        var (_, terms) = DimContext.Polynomial(zero);
        foreach (var term in terms)
        {
            if (term.Coefficient is 1 or -1 && term.Monomial.IsSymbol && (best is null || term.Monomial.Id > best.Value.Monomial.Id)
                && !terms.Any(other => !ReferenceEquals(other.Monomial, term.Monomial) && SymbolSet.Mentions(other.Monomial, term.Monomial)))
            {
                best = term;
            }
        }

        return best;
    }

    /// <summary>Divides out factors that cannot be 0.</summary>
    private Dim CancelNonZero(Dim zero)
    {
        var (constant, terms) = DimContext.Polynomial(zero);
        if (constant != 0 || terms.IsEmpty)
        {
            return zero;
        }

        foreach (var atom in DimContext.Factors(terms[0].Monomial))
        {
            if (!bounds.Of(atom).Contains(0) && zero.DivideExact(atom) is { } quotient)
            {
                zero = quotient;
            }
        }

        return zero;
    }

    /// <summary>Recognises <c>x - d*floordiv(x, d)</c>, up to sign.</summary>
    private static (Dim Dividend, Dim Divisor)? Remainder(Dim zero)
    {
        foreach (var term in DimContext.Polynomial(zero).Terms)
        {
            foreach (var atom in DimContext.Factors(term.Monomial))
            {
                if (atom.Kind == DimKind.FloorDiv)
                {
                    var remainder = atom.Operands[0] - (atom.Operands[1] * atom);
                    if (ReferenceEquals(remainder, zero) || ReferenceEquals(-remainder, zero))
                    {
                        return (atom.Operands[0], atom.Operands[1]);
                    }
                }
            }
        }

        return null;
    }

    private bool Trivial(Dim dividend, Dim divisor) => divisibility.Prove(rewriter.Normalize(dividend), divisor) == Proof.True;

    /// <param name="dividend">What is divided.</param>
    /// <param name="divisor">What divides it.</param>
    /// <param name="isKnown">It was assumed before, but its rewriting was taken out.</param>
    private void AssumeDivisible(Dim dividend, Dim divisor, bool isKnown = false)
    {
        divisor = rewriter.Normalize(divisor);
        if (!divisor.IsConstant && bounds.Of(divisor).Minimum == 0)
        {
            // A divisor is not 0.
            AssumeNonNegative(divisor - 1);
            divisor = rewriter.Normalize(divisor);
        }

        dividend = rewriter.Normalize(dividend);
        if (isKnown ? dividend.DivideExact(divisor) is not null : divisibility.Prove(dividend, divisor) == Proof.True)
        {
            return;
        }

        if (divisor.IsConstant)
        {
            AssumeMultiple(dividend, Math.Abs(divisor.Constant));
        }
        else
        {
            divisibility.Add(dividend, divisor);
            if (dividend.IsSymbol && bounds.Of(divisor).Minimum >= 1 && !SymbolSet.Mentions(divisor, dividend))
            {
                Pin(dividend, divisor);
            }
        }
    }

    private void AssumeMultiple(Dim dividend, long divisor)
    {
        // Modulo d, then divided by what all coefficients and d share.
        var (constant, terms) = DimContext.Polynomial(dividend);
        var residue = context.Sum(terms.Select(term => IntegerMath.Mod(term.Coefficient, divisor) * term.Monomial))
            + IntegerMath.Mod(constant, divisor);
        var form = LinearForm.Of(residue);
        var gcd = IntegerMath.Gcd(IntegerMath.Gcd(form.Content(), form.Constant), divisor);
        residue = residue.DivideExact(context.Const(gcd))!;
        divisor /= gcd;
        var (rest, left) = DimContext.Polynomial(residue);
        if (left.Length == 1 && rest == 0 && IntegerMath.Gcd(left[0].Coefficient, divisor) == 1)
        {
            // k*m with k and d coprime: d divides m. A quotient pinned already means a greater divisor of its dividend.
            var monomial = left[0].Monomial;
            if (rewriter.PinOf(monomial) is { } pin && pin.Divisor!.IsConstant)
            {
                rewriter.Remove(pin);
                divisor = checked(divisor * pin.Divisor.Constant);
                monomial = pin.Leading;
            }

            Pin(monomial, context.Const(divisor));
            return;
        }

        divisibility.Add(residue, context.Const(divisor));
        var quotient = residue.FloorDiv(divisor);
        if (residue.Degree == 1)
        {
            foreach (var consequence in rewriter.AddRule((divisor * quotient) - residue))
            {
                zeros.Enqueue(consequence);
            }
        }
    }

    private void Pin(Dim monomial, Dim divisor)
    {
        foreach (var consequence in rewriter.AddPin(monomial, divisor))
        {
            zeros.Enqueue(consequence);
        }

        divisibility.Changed();
        foreach (var symbol in SymbolSet.Of(monomial))
        {
            store.Wake(symbol);
        }

        store.Narrow(rewriter.Normalize(monomial), bounds.Of(monomial));
    }
}
