namespace Dlc.IR.Symbolic;

/// <summary>
/// Proves that a form is at least 0: interval bounds first, then a small best-first search that adds non-negative multiples of known
/// inequalities so that terms without a useful bound cancel, then a case split over minima and maxima.
/// </summary>
internal sealed class InequalityProver(Rewriter rewriter, Bounds bounds, InequalityStore store)
{
    private const int MaximumNodes = 16;
    private const int MaximumPerNode = 24;
    private const int MaximumPerSymbol = 8;
    private const int MaximumSplits = 3;

    /// <summary>With more inequalities than this the search is kept shorter: that is what makes many queries near-linear.</summary>
    private const int ManyInequalities = 2000;
    private const int NodesAmongMany = 3;
    private const int PerNodeAmongMany = 8;
    private const int PerSymbolAmongMany = 4;

    private readonly PriorityQueue<LinearForm, (int Weight, int Order)> open = new();
    private readonly HashSet<LinearForm> seen = [];
    private readonly List<List<Inequality>> lists = [];
    private readonly List<bool> sinking = [];
    private bool many;
    private readonly Dictionary<Dim, LinearForm[]> implied = [];

    /// <summary>Whether form >= 0 follows.</summary>
    public bool IsNonNegative(LinearForm form) => IsNonNegative(form, MaximumSplits);

    private bool IsNonNegative(LinearForm form, int splits)
    {
        form = form.Tighten();
        return bounds.IsNonNegative(form) || Search(form) || (splits > 0 && Split(form, splits - 1));
    }

    private bool Search(LinearForm goal)
    {
        open.Clear();
        seen.Clear();
        seen.Add(goal);
        open.Enqueue(goal, default);
        var order = 0;
        many = store.Count > ManyInequalities;
        var nodes = many ? NodesAmongMany : MaximumNodes;
        var perSymbol = many ? PerSymbolAmongMany : MaximumPerSymbol;
        for (var node = 0; node < nodes && open.TryDequeue(out var form, out _); node++)
        {
            var budget = many ? PerNodeAmongMany : MaximumPerNode;
            FindSinking(form);
            foreach (var term in form.Terms)
            {
                foreach (var atom in DimContext.Factors(term.Monomial))
                {
                    if (!atom.IsSymbol)
                    {
                        foreach (var fact in Implied(atom))
                        {
                            if (Try(form, fact, ref order))
                            {
                                return true;
                            }
                        }
                    }
                }
            }

            foreach (var list in Lists(form))
            {
                // A symbol with many facts is a hub: what matters is found under its partners.
                for (var i = list.Count - 1; i >= Math.Max(0, list.Count - perSymbol) && budget > 0; i--, budget--)
                {
                    if (store.Form(list[i]) is { } fact && Try(form, fact, ref order))
                    {
                        return true;
                    }
                }
            }
        }

        return false;
    }

    /// <summary>Cancels terms of the form against a fact; true where the rest is seen to be non-negative.</summary>
    private bool Try(LinearForm form, LinearForm fact, ref int order)
    {
        if (fact.Terms.Length > form.Terms.Length + 3)
        {
            return false;
        }

        for (var i = 0; i < form.Terms.Length; i++)
        {
            if (!sinking[i])
            {
                continue;
            }

            var (coefficient, monomial) = form.Terms[i];
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
                    if (factor is null || (many && !Meets(form, fact, factMonomial, factor)) || bounds.Of(factor).Minimum < 0)
                    {
                        continue;
                    }
                }

                var gcd = IntegerMath.Gcd(coefficient, factCoefficient);
                var scale = Math.Abs(factCoefficient / gcd);
                var next = form.Combine(scale, fact, -Math.Abs(coefficient / gcd), factor)?.Tighten();
                if (next is null || next.Terms.Length > 8 || !seen.Add(next))
                {
                    continue;
                }

                if (bounds.IsNonNegative(next))
                {
                    return true;
                }

                open.Enqueue(next, (Weight(next), order++));
            }
        }

        return false;
    }

    /// <summary>Whether, besides the term that cancels, the fact times the factor has a monomial in common with the form.</summary>
    private static bool Meets(LinearForm form, LinearForm fact, Dim cancelled, Dim factor)
    {
        foreach (var own in fact.Terms)
        {
            if (ReferenceEquals(own.Monomial, cancelled))
            {
                continue;
            }

            foreach (var term in form.Terms)
            {
                if (term.Monomial.Degree == own.Monomial.Degree + factor.Degree
                    && ReferenceEquals(DimDivision.TryDivideMonomial(term.Monomial, own.Monomial), factor))
                {
                    return true;
                }
            }
        }

        return fact.Terms.Length == 1;
    }

    /// <summary>
    /// Marks the terms that may be negative: only those are worth cancelling. Where there are none the constant is to blame, and every
    /// term may have a better bound.
    /// </summary>
    private void FindSinking(LinearForm form)
    {
        sinking.Clear();
        foreach (var term in form.Terms)
        {
            sinking.Add(Interval.Scale(bounds.Of(term.Monomial), term.Coefficient).Minimum < 0);
        }

        if (!sinking.Contains(true))
        {
            for (var i = 0; i < sinking.Count; i++)
            {
                sinking[i] = true;
            }
        }
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

    private List<List<Inequality>> Lists(LinearForm form)
    {
        lists.Clear();
        foreach (var term in form.Terms)
        {
            foreach (var atom in DimContext.Factors(term.Monomial))
            {
                if (atom.IsSymbol)
                {
                    Add(atom);
                }
                else
                {
                    foreach (var symbol in SymbolSet.Of(atom))
                    {
                        Add(symbol);
                    }
                }
            }
        }

        lists.Sort(static (a, b) => a.Count.CompareTo(b.Count));
        return lists;

        void Add(Dim symbol)
        {
            var list = store.Of(symbol);
            if (list.Count > 0 && !lists.Contains(list))
            {
                lists.Add(list);
            }
        }
    }

    /// <summary>What holds of a quotient, minimum or maximum by definition.</summary>
    private LinearForm[] Implied(Dim atom)
    {
        if (implied.TryGetValue(atom, out var facts))
        {
            return facts;
        }

        var found = new List<LinearForm?>();
        var self = LinearForm.Of(atom);
        switch (atom.Kind)
        {
            case DimKind.FloorDiv when atom.Operands[1].IsConstant:
                // 0 <= x - d*floordiv(x, d) <= d - 1.
                var divisor = atom.Operands[1].Constant;
                var remainder = LinearForm.Of(rewriter.Normalize(atom.Operands[0])).Combine(1, self, -divisor);
                found.Add(remainder);
                found.Add(remainder?.Combine(-1, LinearForm.Of(atom.Context.Const(divisor - 1)), 1));
                break;
            case DimKind.FloorDiv when bounds.Of(atom.Operands[1]).Minimum >= 1:
                try
                {
                    var symbolic = atom.Operands[0] - (atom.Operands[1] * atom);
                    found.Add(LinearForm.Of(symbolic));
                    found.Add(LinearForm.Of(atom.Operands[1] - 1 - symbolic));
                }
                catch (OverflowException)
                {
                }

                break;
            case DimKind.FloorDiv:
                // Not remembered: the divisor may be seen to be positive later.
                return [];
            case DimKind.Min or DimKind.Max:
                var sign = atom.Kind == DimKind.Min ? 1 : -1;
                found.AddRange(atom.Operands.Select(operand => LinearForm.Of(operand).Combine(sign, self, -sign)));
                break;
        }

        return implied[atom] = [.. found.OfType<LinearForm>()];
    }

    /// <summary>A minimum or maximum equals one of its operands: proves the form for each of them.</summary>
    private bool Split(LinearForm form, int splits)
    {
        foreach (var term in form.Terms)
        {
            foreach (var atom in DimContext.Factors(term.Monomial))
            {
                if (atom.Kind is not (DimKind.Min or DimKind.Max) || atom.Operands.Length > 4)
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
}
