namespace Dlc.IR.Symbolic;

/// <summary>
/// Proves that a form is at least 0: interval bounds first; then a best-first search that adds non-negative multiples of known inequalities so
/// that terms without a useful bound cancel, and that drops what a witness refutes; then a linear program over the facts near the form; then
/// a case split over minima and maxima.
/// </summary>
internal sealed class InequalityProver
{
    private const int MaximumNodes = 12;
    private const int ManyInequalities = 1000;
    private const int MaximumPerSymbol = 64;
    private const int MaximumTerms = 10;
    private const int MaximumSplits = 3;
    private const int MaximumOperands = 4;

    private readonly Rewriter rewriter;
    private readonly Bounds bounds;
    private readonly InequalityStore store;
    private readonly Witnesses witnesses;
    private readonly PairProver pairs;
    private readonly LinearProver linear;
    private readonly PriorityQueue<Node, (int Weight, double Slack, int Order)> open = new();
    private readonly HashSet<LinearForm> seen = [];
    private readonly double[] next = new double[LaneMath.Count];
    private int order;

    public InequalityProver(Rewriter rewriter, Bounds bounds, InequalityStore store, Witnesses witnesses)
    {
        (this.rewriter, this.bounds, this.store, this.witnesses) = (rewriter, bounds, store, witnesses);
        pairs = new PairProver(bounds, store, witnesses);
        linear = new LinearProver(rewriter, bounds, store);
    }

    /// <summary>Whether form >= 0 follows.</summary>
    public bool IsNonNegative(LinearForm form) => IsNonNegative(form, MaximumSplits);

    private bool IsNonNegative(LinearForm form, int splits)
    {
        form = form.Tighten();
        if (bounds.IsNonNegative(form))
        {
            return true;
        }

        var lanes = new double[LaneMath.Count];
        witnesses.Values.Evaluate(form, lanes);
        if ((LaneMath.Negative(lanes) & witnesses.Alive) != 0)
        {
            return false;
        }

        if (CommonFactor(form) is { } factor)
        {
            // A positive factor changes nothing; one that may be 0 still leaves the other way open.
            if (IsNonNegative(form.Divide(factor), splits))
            {
                return true;
            }

            if (bounds.Of(factor).Minimum >= 1)
            {
                return false;
            }
        }

        if (pairs.IsNonNegative(form))
        {
            return true;
        }

        // Among very many facts, chains are all that is looked for where the form is of their kind.
        var isChain = store.Count > ManyInequalities && PairProver.Fits(form);
        if (!isChain)
        {
            if (Search(form, lanes))
            {
                return true;
            }

            if (witnesses.Refute(form))
            {
                return false;
            }

            if (linear.IsNonNegative(form))
            {
                return true;
            }
        }

        return splits > 0 && Split(form, splits - 1);
    }

    /// <summary>A monomial that is at least 0 and divides every term, or null.</summary>
    private Dim? CommonFactor(LinearForm form)
    {
        if (form.Constant != 0 || form.Terms.Length < 2)
        {
            return null;
        }

        var common = form.Terms[0].Monomial.Factors;
        foreach (var term in form.Terms[1..])
        {
            var pool = term.Monomial.Factors.ToList();
            common = [.. common.Where(pool.Remove)];
        }

        common = [.. common.Where(factor => bounds.Of(factor).Minimum >= 0)];
        return common.IsEmpty ? null : common[0].Context.Monomial(common);
    }

    private bool Search(LinearForm goal, double[] lanes)
    {
        open.Clear();
        seen.Clear();
        seen.Add(goal);
        order = 0;
        open.Enqueue(new Node(goal, lanes), default);
        for (var node = 0; node < MaximumNodes && open.TryDequeue(out var item, out _); node++)
        {
            if (Expand(item))
            {
                return true;
            }
        }

        return false;
    }

    private bool Expand(Node node)
    {
        var pivot = Pivot(node.Form);
        for (var i = 0; i < node.Form.Terms.Length; i++)
        {
            if (pivot >= 0 && i != pivot)
            {
                continue;
            }

            var monomial = node.Form.Terms[i].Monomial;
            foreach (var atom in monomial.Factors.Distinct())
            {
                foreach (var fact in AtomFacts.Of(atom, rewriter, bounds))
                {
                    if (Try(node, i, fact, null))
                    {
                        return true;
                    }
                }

                foreach (var symbol in SymbolSet.Of(atom))
                {
                    // A symbol with many facts is a hub: what matters is found under its partners.
                    var list = store.Of(symbol);
                    for (var f = list.Count - 1; f >= Math.Max(0, list.Count - MaximumPerSymbol); f--)
                    {
                        if (store.Form(list[f]) is { } fact && Try(node, i, fact, list[f]))
                        {
                            return true;
                        }
                    }
                }
            }
        }

        return false;
    }

    /// <summary>The term that most needs to be cancelled: one that may be negative, with the fewest facts. -1 for any.</summary>
    private int Pivot(LinearForm form)
    {
        var (best, least) = (-1, int.MaxValue);
        for (var i = 0; i < form.Terms.Length; i++)
        {
            var (coefficient, monomial) = form.Terms[i];
            if (Interval.Scale(bounds.Of(monomial), coefficient).Minimum >= 0)
            {
                continue;
            }

            var count = 0;
            foreach (var atom in monomial.Factors)
            {
                count += atom.IsSymbol ? store.Of(atom).Count : 1;
            }

            (best, least) = count < least ? (i, count) : (best, least);
        }

        return best;
    }

    /// <summary>Cancels a term of the form against a fact; true where the rest is seen to be non-negative.</summary>
    private bool Try(Node node, int term, LinearForm fact, Inequality? source)
    {
        if (fact.Terms.Length > node.Form.Terms.Length + 3)
        {
            return false;
        }

        witnesses.Charge(1);
        var (coefficient, monomial) = node.Form.Terms[term];
        foreach (var (factCoefficient, factMonomial) in fact.Terms)
        {
            // form - multiple * factor * fact loses the monomial where the signs agree.
            if ((coefficient < 0) != (factCoefficient < 0) || factMonomial.Degree > monomial.Degree)
            {
                continue;
            }

            Dim? factor = null;
            if (!ReferenceEquals(factMonomial, monomial))
            {
                factor = monomial.Degree > 1 ? DimDivision.TryDivideMonomial(monomial, factMonomial) : null;
                if (factor is null || bounds.Of(factor).Minimum < 0)
                {
                    continue;
                }
            }

            var gcd = IntegerMath.Gcd(coefficient, factCoefficient);
            var (scale, multiple) = (Math.Abs(factCoefficient / gcd), Math.Abs(coefficient / gcd));
            if (IsRefuted(node, fact, source, factor, scale, multiple))
            {
                continue;
            }

            var rest = node.Form.Combine(scale, fact, -multiple, factor)?.Tighten();
            if (rest is null || rest.Terms.Length > MaximumTerms || !seen.Add(rest))
            {
                continue;
            }

            if (bounds.IsNonNegative(rest))
            {
                return true;
            }

            witnesses.Charge(4);
            open.Enqueue(new Node(rest, next.AsSpan().ToArray()), (Weight(rest), Slack(), order++));
        }

        return false;
    }

    /// <summary>Whether some witness makes scale * form - multiple * factor * fact negative; leaves its values in <see cref="next"/>.</summary>
    private bool IsRefuted(Node node, LinearForm fact, Inequality? source, Dim? factor, long scale, long multiple)
    {
        if (witnesses.Alive == 0)
        {
            next.AsSpan().Fill(double.NaN);
            return false;
        }

        Span<double> values = stackalloc double[LaneMath.Count];
        Span<double> factors = stackalloc double[LaneMath.Count];
        if (source is null)
        {
            witnesses.Values.Evaluate(fact, values);
        }
        else if (source.Lanes is null || source.LaneVersion != witnesses.Values.Version)
        {
            source.Lanes ??= new double[LaneMath.Count];
            witnesses.Values.Evaluate(fact, source.Lanes);
            source.LaneVersion = witnesses.Values.Version;
        }

        if (factor is not null)
        {
            witnesses.Values.OfMonomial(factor, factors);
        }

        var negative = LaneMath.Combine(
            next, scale, node.Lanes, multiple, source is null ? values : source.Lanes, factor is null ? [] : factors);
        return (negative & witnesses.Alive) != 0;
    }

    private double Slack()
    {
        var sum = 0.0;
        for (var i = 0; i < next.Length; i++)
        {
            sum += (witnesses.Alive & (1u << i)) != 0 && !double.IsNaN(next[i]) ? next[i] : 0;
        }

        return sum;
    }

    private int Weight(LinearForm form)
    {
        var weight = form.Terms.Length;
        foreach (var term in form.Terms)
        {
            // Terms that may sink without bound have to be cancelled.
            weight += Interval.Scale(bounds.Of(term.Monomial), term.Coefficient).Minimum == long.MinValue ? 3 : 0;
        }

        return weight;
    }

    /// <summary>A minimum or maximum equals one of its operands: proves the form for each of them.</summary>
    private bool Split(LinearForm form, int splits)
    {
        foreach (var term in form.Terms)
        {
            foreach (var atom in term.Monomial.Factors)
            {
                if (atom.Kind is not (DimKind.Min or DimKind.Max) || atom.Operands.Length > MaximumOperands)
                {
                    continue;
                }

                var whole = form.ToDim(atom.Context);
                foreach (var operand in atom.Operands)
                {
                    var replaced = new DimSubstitution(atom.Context, [KeyValuePair.Create(atom, operand)]).Apply(whole);
                    if (!IsNonNegative(LinearForm.Of(rewriter.Normalize(replaced)), splits))
                    {
                        return false;
                    }
                }

                return true;
            }
        }

        return false;
    }

    /// <summary>A form still to be proved and its values for the witnesses.</summary>
    private sealed record Node(LinearForm Form, double[] Lanes);
}
