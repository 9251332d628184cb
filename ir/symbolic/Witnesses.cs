using System.Numerics;

namespace Dlc.IR.Symbolic;

/// <summary>
/// Bindings of the symbols that satisfy every fact. A claim that fails for one of them is not proved, whatever is tried: most questions that
/// have no answer end here, and the search for a proof leaves out what one of them refutes. They never make anything true.
/// </summary>
internal sealed class Witnesses
{
    /// <summary>With so many, making new ones is not worth the time.</summary>
    private const int Enough = 16;

    private const int RoundsToVary = 12;

    /// <summary>Lanes that start from values of their own; the others are variations of them.</summary>
    private const uint Bases = 0x7ff;

    /// <summary>Lanes that rather raise than lower a symbol to satisfy a fact.</summary>
    private const uint Raising = 0x55555555;

    private readonly Rewriter rewriter;
    private readonly Bounds bounds;
    private readonly WitnessNetwork network;
    private readonly List<Dim> symbols = [];
    private readonly Stack<Dim> work = [];
    private readonly double[] size = new double[LaneMath.Count];
    private readonly double[] product = new double[LaneMath.Count];

    /// <summary>Facts that each lane is known to satisfy: those before this one.</summary>
    private readonly int[] verified = new int[LaneMath.Count];

    /// <summary>How often each lane failed to be mended, and the number of facts from which on it is tried again.</summary>
    private readonly (int Failures, int NextTry)[] tries = new (int, int)[LaneMath.Count];

    /// <summary>Values of symbols and of other atoms, by id; those of other atoms belong to a version.</summary>
    private (double[]? Values, int Version)[] lanes = [];

    private int version = 1;
    private int credit = 64;
    private int checkedFacts;
    private uint alive = LaneMath.All;
    private long debt;
    private long price;

    public Witnesses(Rewriter rewriter, Bounds bounds)
    {
        (this.rewriter, this.bounds) = (rewriter, bounds);
        network = new WitnessNetwork(this, rewriter, bounds);
    }

    /// <summary>The lanes that satisfy all facts.</summary>
    public uint Alive => alive;

    /// <summary>Grows when values change.</summary>
    public int Version => version;

    /// <summary>The symbols that have values.</summary>
    public IReadOnlyList<Dim> Symbols => symbols;

    /// <summary>One more fact that all witnesses have to satisfy.</summary>
    public void Learn(Fact fact) => network.Add(fact);

    /// <summary>Work that witnesses might have saved: pays for making new ones.</summary>
    public void Charge(long amount) => debt += amount;

    /// <summary>Drops witnesses that new facts refute, and mends them where too few are left and the time that takes is earned.</summary>
    public void Update()
    {
        var constraints = network.Constraints;
        for (; checkedFacts < constraints.Count && alive != 0; checkedFacts++)
        {
            var refuted = alive & ~Satisfied(constraints[checkedFacts]);
            alive &= ~refuted;
            for (; refuted != 0; refuted &= refuted - 1)
            {
                verified[BitOperations.TrailingZeroCount(refuted)] = checkedFacts;
            }
        }

        checkedFacts = constraints.Count;
        if (BitOperations.PopCount(alive) >= Enough || debt < price)
        {
            return;
        }

        var before = network.Work;
        var wanted = 0u;
        for (var lane = 0; lane < LaneMath.Count; lane++)
        {
            wanted |= (alive & (1u << lane)) == 0 && tries[lane].NextTry <= constraints.Count ? 1u << lane : 0;
        }

        var old = alive;
        alive |= Mend(wanted & Bases);
        for (var rest = wanted & Bases & ~alive; rest != 0; rest &= rest - 1)
        {
            // At most once as the facts double.
            var lane = BitOperations.TrailingZeroCount(rest);
            tries[lane] = (tries[lane].Failures + 1, 2 * constraints.Count);
        }

        if (alive != 0 && symbols.Count > 0)
        {
            Vary(wanted & ~Bases, alive);
            alive |= wanted & ~Bases;
        }

        version++;
        price = network.Work - before + (RoundsToVary * (symbols.Count + 20));
        debt = 0;
    }

    /// <summary>Looks for a witness that makes a form negative.</summary>
    public bool Refute(LinearForm form)
    {
        if (form.Combine(-1, form, 0)?.Shift(-1) is not { } opposite)
        {
            return false;
        }

        if (alive == 0)
        {
            return false;
        }

        // Where the facts leave little room it is seldom worth the time.
        credit--;
        if (credit < 0 && credit % 16 != 0)
        {
            return false;
        }

        // The lane that is nearest to it has the shortest way.
        Span<double> values = stackalloc double[LaneMath.Count];
        Evaluate(form, values);
        var nearest = -1;
        for (var lane = 0; lane < LaneMath.Count; lane++)
        {
            if ((alive & (1u << lane)) != 0 && !double.IsNaN(values[lane]) && (nearest < 0 || values[lane] < values[nearest]))
            {
                nearest = lane;
            }
        }

        if (nearest < 0 || !network.Reach(nearest, opposite))
        {
            return false;
        }

        credit = Math.Min(Math.Max(credit, 0) + 8, 64);
        version++;
        return true;
    }

    /// <summary>Makes lanes satisfy the facts, as far as that is found.</summary>
    private uint Mend(uint wanted)
    {
        var mended = Repair(wanted);
        for (var lane = 0; lane < LaneMath.Count; lane++)
        {
            if (((wanted & ~mended) & (1u << lane)) != 0)
            {
                // From the start, with other values.
                verified[lane] = 0;
                foreach (var symbol in symbols)
                {
                    Writable(symbol)[lane] = WitnessSeed.Start(symbol, rewriter.Step(symbol), bounds.Of(symbol), lane, tries[lane].Failures + 1);
                }
            }
        }

        version++;
        return mended | Repair(wanted & ~mended);
    }

    private uint Repair(uint wanted)
    {
        var first = network.Constraints.Count;
        for (var left = wanted; left != 0; left &= left - 1)
        {
            first = Math.Min(first, verified[BitOperations.TrailingZeroCount(left)]);
        }

        var mended = wanted == 0 ? 0 : network.Repair(wanted, Raising, network.Constraints.Skip(first));
        version++;
        return mended;
    }

    /// <summary>
    /// Makes lanes differ: each becomes a copy of one that satisfies the facts, in which a few symbols, drawn at random, are raised; what depends on
    /// them follows. A lane for which that fails stays a copy.
    /// </summary>
    private void Vary(uint wanted, uint good)
    {
        var sources = Enumerable.Range(0, LaneMath.Count).Where(lane => (good & (1u << lane)) != 0).ToList();
        var targets = Enumerable.Range(0, LaneMath.Count).Where(lane => (wanted & (1u << lane)) != 0).ToList();
        foreach (var symbol in symbols)
        {
            var own = Writable(symbol);
            var old = own.AsSpan().ToArray();
            foreach (var lane in targets)
            {
                own[lane] = old[sources[lane % sources.Count]];
            }
        }

        version++;
        var before = symbols.Select(symbol => Writable(symbol).AsSpan().ToArray()).ToList();
        for (var round = 0; round < RoundsToVary; round++)
        {
            var suspects = new List<WitnessConstraint>();
            foreach (var lane in targets)
            {
                var random = WitnessSeed.Mix(((ulong)lane << 32) + ((ulong)round << 8) + (ulong)network.Constraints.Count);
                var symbol = symbols[(int)(random % (ulong)symbols.Count)];
                var raised = Writable(symbol)[lane] + (rewriter.Step(symbol) * (double)(1UL << (int)((random >> 40) % 8)));
                if (raised <= bounds.Of(symbol).Maximum)
                {
                    suspects.AddRange(network.Set(symbol, lane, raised));
                }
            }

            version++;
            var varied = network.Repair(wanted, LaneMath.All, suspects);
            version++;
            for (var i = 0; i < symbols.Count; i++)
            {
                var own = Writable(symbols[i]);
                foreach (var lane in targets)
                {
                    own[lane] = before[i][lane] = (varied & (1u << lane)) != 0 ? own[lane] : before[i][lane];
                }
            }
        }
    }

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
                Set(dim, Compute(dim), dim.IsSymbol ? 0 : version);
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
    internal double[] Writable(Dim symbol)
    {
        if (Known(symbol) is { } known)
        {
            return known;
        }

        Of(symbol);
        return Known(symbol)!;
    }

    /// <summary>The lanes in which a fact holds.</summary>
    internal uint Satisfied(WitnessConstraint constraint)
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
    internal static uint Divisible(ReadOnlySpan<double> left, ReadOnlySpan<double> right)
    {
        var mask = 0u;
        for (var i = 0; i < LaneMath.Count; i++)
        {
            mask |= right[i] != 0 && Math.IEEERemainder(left[i], right[i]) == 0 ? 1u << i : 0;
        }

        return mask;
    }

    internal void Evaluate(Dim dim, Span<double> result)
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
        && (entry.Version == version || entry.Version == 0) ? known : null;

    private void Set(Dim dim, double[] values, int belongsTo)
    {
        if (dim.Id >= lanes.Length)
        {
            Array.Resize(ref lanes, Math.Max(Math.Max(256, dim.Id + 1), 2 * lanes.Length));
        }

        lanes[dim.Id] = (values, belongsTo);
    }
}
