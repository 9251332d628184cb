namespace Dlc.IR.Symbolic;

/// <summary>Known inequalities, found by the symbols they mention, and the bounds that follow from them.</summary>
internal sealed class InequalityStore(Rewriter rewriter, Bounds bounds)
{
    /// <summary>Inequalities that one assumption propagates at most; the rest waits for the next one.</summary>
    private const int StepsPerAssumption = 64;

    /// <summary>Times that propagation may tighten one monomial, so that x &lt; y &lt; x ends.</summary>
    private const int MaximumTightenings = 24;

    /// <summary>Inequalities of one symbol that a change of its bounds wakes at most.</summary>
    private const int MaximumWoken = 64;

    private readonly Dictionary<Dim, List<Inequality>> bySymbol = [];
    private readonly List<Inequality> all = [];
    private readonly Queue<Inequality> queue = [];
    private readonly Dictionary<Dim, int> tightenings = [];

    /// <summary>The inequalities, in the order in which they came.</summary>
    public IReadOnlyList<Inequality> All => all;

    /// <summary>Inequalities held.</summary>
    public int Count => all.Count;

    /// <summary>Grows when an inequality is added or reads differently.</summary>
    public int Version => Count + rewriter.Version;

    /// <summary>Monomials of which 0 was excluded since this was last cleared.</summary>
    public List<Dim> BecameNonZero { get; } = [];

    /// <summary>The inequalities that mention a symbol; shared, not to be changed.</summary>
    public List<Inequality> Of(Dim symbol) => bySymbol.GetValueOrDefault(symbol) ?? [];

    /// <summary>Adds expression >= 0 and draws its own bounds at once.</summary>
    public void Add(Dim expression)
    {
        if (Form(Register(expression)) is { } form)
        {
            Propagate(form);
        }
    }

    private Inequality Register(Dim expression)
    {
        var inequality = new Inequality(expression);
        all.Add(inequality);
        foreach (var symbol in SymbolSet.Of(expression))
        {
            if (!bySymbol.TryGetValue(symbol, out var list))
            {
                bySymbol.Add(symbol, list = []);
            }

            list.Add(inequality);
        }

        return inequality;
    }

    /// <summary>After an elimination: what was known of a symbol is found under the symbols of its value.</summary>
    public void Move(Dim symbol, Dim value)
    {
        if (!bySymbol.Remove(symbol, out var moved))
        {
            return;
        }

        foreach (var inequality in moved.Take(MaximumWoken))
        {
            Enqueue(inequality);
        }

        var targets = SymbolSet.Of(value);
        foreach (var target in targets)
        {
            var list = bySymbol.GetValueOrDefault(target);
            if (list is null)
            {
                bySymbol[target] = targets.Count == 1 ? moved : [.. moved];
            }
            else if (targets.Count == 1 && moved.Count > list.Count)
            {
                // Small to large: unions of many symbols stay near-linear.
                moved.AddRange(list);
                bySymbol[target] = moved;
            }
            else
            {
                list.AddRange(moved);
            }
        }
    }

    /// <summary>Wakes the inequalities of a symbol after its rewriting changed.</summary>
    public void Wake(Dim symbol)
    {
        foreach (var inequality in Of(symbol).Take(MaximumWoken))
        {
            Enqueue(inequality);
        }
    }

    /// <summary>The normal form of an inequality under today's rewrites.</summary>
    public LinearForm? Form(Inequality inequality)
    {
        if (inequality.Version != rewriter.Version)
        {
            inequality.Form = LinearForm.Of(rewriter.Normalize(inequality.Expression)).Tighten();
            inequality.Version = rewriter.Version;
        }

        return inequality.Form;
    }

    /// <summary>Draws bounds of monomials from waiting inequalities, within a budget.</summary>
    /// <exception cref="DimContradictionException">No value is left for some monomial.</exception>
    public void Propagate()
    {
        for (var step = 0; step < StepsPerAssumption && queue.TryDequeue(out var inequality); step++)
        {
            inequality.Queued = false;
            if (Form(inequality) is { } form)
            {
                Propagate(form);
            }
        }
    }

    /// <summary>Narrows a normalized expression.</summary>
    public void Narrow(Dim dim, DimRange range)
    {
        var work = new Stack<(Dim Dim, DimRange Range)>();
        work.Push((dim, range));
        while (work.TryPop(out var item))
        {
            if (item.Dim.IsConstant || (item.Range.Minimum == long.MinValue && item.Range.Maximum == long.MaxValue))
            {
                continue;
            }

            if (item.Dim.Kind == DimKind.Sum)
            {
                NarrowSum(item.Dim, item.Range, work);
            }
            else
            {
                NarrowMonomial(item.Dim, item.Range, work);
            }
        }
    }

    private void NarrowSum(Dim dim, DimRange range, Stack<(Dim Dim, DimRange Range)> work)
    {
        if (dim.Terms.Length == 1)
        {
            work.Push((dim.Terms[0].Monomial, Interval.Solve(range, dim.Terms[0].Coefficient, dim.Constant)));
            return;
        }

        var known = bounds.Of(dim);
        if (range.Minimum != long.MinValue && range.Minimum > known.Minimum)
        {
            Enqueue(Register(dim - range.Minimum));
        }

        if (range.Maximum != long.MaxValue && range.Maximum < known.Maximum)
        {
            Enqueue(Register(range.Maximum - dim));
        }
    }

    private void NarrowMonomial(Dim monomial, DimRange range, Stack<(Dim Dim, DimRange Range)> work)
    {
        var before = bounds.Of(monomial);
        if (!bounds.Narrow(monomial, range, out var now))
        {
            return;
        }

        if (now.Minimum > now.Maximum)
        {
            throw new DimContradictionException($"The facts leave no value for '{monomial}': it would be at least {now.Minimum} and at most "
                + $"{now.Maximum}.");
        }

        if (before.Contains(0) && !now.Contains(0))
        {
            BecameNonZero.Add(monomial);
        }

        foreach (var symbol in SymbolSet.Of(monomial))
        {
            Wake(symbol);
        }

        switch (monomial.Kind)
        {
            case DimKind.FloorDiv when monomial.Operands[1].IsConstant:
                var divisor = monomial.Operands[1].Constant;
                var low = now.Minimum == long.MinValue ? long.MinValue : Interval.Low((Int128)now.Minimum * divisor);
                var high = now.Maximum == long.MaxValue
                    ? long.MaxValue : Interval.High(((Int128)now.Maximum * divisor) + divisor - 1);
                work.Push((rewriter.Normalize(monomial.Operands[0]), new DimRange(low, high)));
                break;
            case DimKind.Min:
                foreach (var operand in monomial.Operands)
                {
                    work.Push((operand, new DimRange(now.Minimum, long.MaxValue)));
                }

                break;
            case DimKind.Max:
                foreach (var operand in monomial.Operands)
                {
                    work.Push((operand, new DimRange(long.MinValue, now.Maximum)));
                }

                break;
            case DimKind.Product:
                NarrowFactors(monomial, now, work);
                break;
        }
    }

    /// <summary>For non-negative factors: x*y at most h bounds x by h / min(y), x*y at least l bounds x by l / max(y).</summary>
    private void NarrowFactors(Dim product, DimRange range, Stack<(Dim Dim, DimRange Range)> work)
    {
        var factors = product.Operands;
        if (factors.Any(factor => bounds.Of(factor).Minimum < 0))
        {
            return;
        }

        foreach (var factor in factors.Distinct())
        {
            var rest = Interval.Point(1);
            foreach (var other in factors)
            {
                rest = ReferenceEquals(other, factor) ? rest : Interval.Multiply(rest, bounds.Of(other));
            }

            // For a power of the factor the bounds hold all the more, as every factor is at least 1 where the product is positive.
            var low = range.Minimum < 1 ? long.MinValue : 1;
            var single = factors.Count(other => ReferenceEquals(other, factor)) == 1;
            if (range.Minimum >= 1 && single && rest.Maximum != long.MaxValue && rest.Maximum >= 1)
            {
                low = IntegerMath.CeilDiv(range.Minimum, rest.Maximum);
            }

            var high = range.Maximum != long.MaxValue && rest.Minimum >= 1
                ? IntegerMath.FloorDiv(range.Maximum, rest.Minimum) : long.MaxValue;
            work.Push((factor, new DimRange(low, high)));
        }
    }

    private void Propagate(LinearForm form)
    {
        var part = form.Part(out var scale);
        if (form.Terms.Length >= 2)
        {
            // scale * part + constant >= 0.
            bounds.NarrowPart(part, Interval.Solve(new DimRange(0, long.MaxValue), scale, form.Constant));
        }

        // Each term is at least minus the most that the others can reach. Narrowing one term below may narrow others: what was read
        // before is then only weaker, never wrong.
        var highs = new long[form.Terms.Length];
        Int128 most = form.Constant;
        var unbounded = 0;
        for (var i = 0; i < highs.Length; i++)
        {
            highs[i] = Interval.Scale(bounds.Of(form.Terms[i].Monomial), form.Terms[i].Coefficient).Maximum;
            unbounded += highs[i] == long.MaxValue ? 1 : 0;
            most += highs[i] == long.MaxValue ? 0 : highs[i];
        }

        for (var i = 0; i < highs.Length && unbounded <= 1; i++)
        {
            var (coefficient, monomial) = form.Terms[i];
            if (unbounded == 1 && highs[i] != long.MaxValue)
            {
                continue;
            }

            var least = Interval.Low((highs[i] == long.MaxValue ? 0 : highs[i]) - most);
            if (least == long.MinValue)
            {
                continue;
            }

            var range = Interval.Solve(new DimRange(least, long.MaxValue), coefficient, 0);
            if (bounds.Of(monomial).Intersect(range) == bounds.Of(monomial))
            {
                continue;
            }

            var times = tightenings.GetValueOrDefault(monomial);
            if (form.Terms.Length == 1 || times < MaximumTightenings)
            {
                tightenings[monomial] = times + 1;
                Narrow(monomial, range);
            }
        }
    }

    private void Enqueue(Inequality inequality)
    {
        if (!inequality.Queued)
        {
            inequality.Queued = true;
            queue.Enqueue(inequality);
        }
    }
}
