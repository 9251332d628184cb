namespace Dlc.IR.Symbolic;

/// <summary>Values of symbols, and of what is made of them, in the lanes of <see cref="Witnesses"/>.</summary>
internal sealed class WitnessValues(Rewriter rewriter, Bounds bounds)
{
    private readonly List<Dim> symbols = [];
    private readonly Stack<Dim> work = [];
    private readonly double[] size = new double[LaneMath.Count];
    private readonly double[] product = new double[LaneMath.Count];

    /// <summary>Values of symbols and of other atoms, by id; those of other atoms belong to a version.</summary>
    private (double[]? Values, int Version)[] lanes = [];

    /// <summary>Grows when values change.</summary>
    public int Version { get; private set; } = 1;

    /// <summary>The symbols that have values.</summary>
    public IReadOnlyList<Dim> Symbols => symbols;

    /// <summary>Symbols have other values: what is made of them has, too.</summary>
    public void Change() => Version++;

    /// <summary>The values of a form in each lane.</summary>
    public void Evaluate(LinearForm form, Span<double> result) => Evaluate(form.Constant, form.Terms, result);

    /// <summary>The lanes in which a symbol or another atom has its values; valid until the next change.</summary>
    public ReadOnlySpan<double> Of(Dim atom)
    {
        if (Known(atom) is { } known)
        {
            return known;
        }

        work.Push(atom);
        var bottom = work.Count;
        while (work.Count >= bottom)
        {
            var dim = work.Peek();
            if (Known(dim) is not null)
            {
                work.Pop();
                continue;
            }

            var ready = work.Count;
            foreach (var operand in dim.Operands)
            {
                Need(operand);
            }

            foreach (var term in dim.Terms)
            {
                Need(term.Monomial);
            }

            if (work.Count == ready)
            {
                Set(dim, Compute(dim), dim.IsSymbol ? 0 : Version);
                work.Pop();
            }
        }

        return Known(atom)!;

        void Need(Dim operand)
        {
            if (operand.Kind == DimKind.Product)
            {
                foreach (var factor in operand.Operands)
                {
                    Need(factor);
                }
            }
            else if (operand.Kind == DimKind.Sum)
            {
                foreach (var term in operand.Terms)
                {
                    Need(term.Monomial);
                }
            }
            else if (!operand.IsConstant && Known(operand) is null)
            {
                work.Push(operand);
            }
        }
    }

    /// <summary>The values of a monomial.</summary>
    public void OfMonomial(Dim monomial, Span<double> result)
    {
        Of(monomial.Factors[0]).CopyTo(result);
        for (var i = 1; i < monomial.Factors.Length; i++)
        {
            LaneMath.Multiply(result, Of(monomial.Factors[i]));
        }
    }

    /// <summary>The lanes of a symbol, to be changed by the search.</summary>
    public double[] Writable(Dim symbol)
    {
        if (Known(symbol) is { } known)
        {
            return known;
        }

        Of(symbol);
        return Known(symbol)!;
    }

    /// <summary>The lanes in which a fact holds.</summary>
    public uint Satisfied(WitnessConstraint constraint)
    {
        Span<double> values = stackalloc double[LaneMath.Count];
        Evaluate(constraint.Form, values);
        switch (constraint.Relation)
        {
            case Relation.Divisible:
                Span<double> divisor = stackalloc double[LaneMath.Count];
                Evaluate(constraint.Divisor!, divisor);
                return Divisible(values, divisor);
            case Relation.Equal:
                return LaneMath.Zero(values);
            default:
                return LaneMath.Known(values) & ~LaneMath.Negative(values);
        }
    }

    /// <summary>The lanes in which both are known and the right divides the left.</summary>
    public static uint Divisible(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var mask = 0u;
        for (var i = 0; i < LaneMath.Count; i++)
        {
            mask |= right[i] != 0 && Math.IEEERemainder(left[i], right[i]) == 0 ? 1u << i : 0;
        }

        return mask;
    }

    /// <summary>The values of a dim in each lane.</summary>
    public void Evaluate(Dim dim, Span<double> result)
    {
        var (constant, terms) = DimContext.Polynomial(dim);
        Evaluate(constant, terms.AsSpan(), result);
    }

    private void Evaluate(long constant, ReadOnlySpan<DimTerm> terms, Span<double> result)
    {
        foreach (var term in terms)
        {
            foreach (var factor in term.Monomial.Factors)
            {
                Of(factor);
            }
        }

        result.Fill(LaneMath.Value(constant));
        size.AsSpan().Fill(Math.Abs((double)constant));
        foreach (var (coefficient, monomial) in terms)
        {
            if (monomial.Kind == DimKind.Product)
            {
                OfMonomial(monomial, product);
                LaneMath.AddScaled(result, size, coefficient, product);
            }
            else
            {
                LaneMath.AddScaled(result, size, coefficient, Of(monomial));
            }
        }

        LaneMath.Check(result, size);
    }

    private double[] Compute(Dim dim)
    {
        var values = (uint)dim.Id < (uint)lanes.Length && lanes[dim.Id].Values is { } old ? old : new double[LaneMath.Count];
        switch (dim.Kind)
        {
            case DimKind.Symbol:
                symbols.Add(dim);
                var (step, range) = (rewriter.Step(dim), bounds.Of(dim));
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = WitnessSeed.Start(dim, step, range, i, 0);
                }

                return values;
            case DimKind.FloorDiv:
                Span<double> divisor = stackalloc double[LaneMath.Count];
                Evaluate(dim.Operands[0], values);
                Evaluate(dim.Operands[1], divisor);
                LaneMath.FloorDivide(values, divisor);
                return values;
            case DimKind.Min or DimKind.Max:
                Span<double> operand = stackalloc double[LaneMath.Count];
                Evaluate(dim.Operands[0], values);
                for (var o = 1; o < dim.Operands.Length; o++)
                {
                    Evaluate(dim.Operands[o], operand);
                    for (var i = 0; i < values.Length; i++)
                    {
                        values[i] = dim.Kind == DimKind.Min ? Math.Min(values[i], operand[i]) : Math.Max(values[i], operand[i]);
                    }
                }

                return values;
            default:
                throw new InvalidOperationException($"'{dim}' is no atom.");
        }
    }

    private double[]? Known(Dim dim) => (uint)dim.Id < (uint)lanes.Length && lanes[dim.Id] is { Values: { } known } entry
        && (entry.Version == Version || entry.Version == 0) ? known : null;

    private void Set(Dim dim, double[] values, int belongsTo)
    {
        if (dim.Id >= lanes.Length)
        {
            Array.Resize(ref lanes, Math.Max(Math.Max(256, dim.Id + 1), 2 * lanes.Length));
        }

        lanes[dim.Id] = (values, belongsTo);
    }
}
