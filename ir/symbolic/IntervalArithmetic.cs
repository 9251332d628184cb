namespace Dlc.IR.Symbolic;

/// <summary>Bounds of expressions from bounds of their parts. Saturated bounds mean unbounded.</summary>
internal sealed class IntervalArithmetic(IReadOnlyDictionary<Dim, DimRange> known)
{
    private readonly Dictionary<Dim, DimRange> memo = [];

    public static DimRange Add(DimRange a, DimRange b) => new(
        a.Minimum == long.MinValue || b.Minimum == long.MinValue ? long.MinValue : Low((Int128)a.Minimum + b.Minimum),
        a.Maximum == long.MaxValue || b.Maximum == long.MaxValue ? long.MaxValue : High((Int128)a.Maximum + b.Maximum));

    public static DimRange Multiply(DimRange a, DimRange b)
    {
        Span<Bound> corners =
        [
            Times(a.Minimum, b.Minimum), Times(a.Minimum, b.Maximum), Times(a.Maximum, b.Minimum), Times(a.Maximum, b.Maximum),
        ];
        var (low, high) = (corners[0], corners[0]);
        foreach (var corner in corners)
        {
            low = corner.CompareTo(low) < 0 ? corner : low;
            high = corner.CompareTo(high) > 0 ? corner : high;
        }

        return new DimRange(
            low.Infinite != 0 ? long.MinValue : Low(low.Value), high.Infinite != 0 ? long.MaxValue : High(high.Value));
    }

    public DimRange Range(Dim root)
    {
        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPeek(out var dim))
        {
            if (memo.ContainsKey(dim))
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
                memo[dim] = Compute(dim);
                work.Pop();
            }
        }

        return memo[root];

        void Need(Dim operand)
        {
            if (!memo.ContainsKey(operand))
            {
                work.Push(operand);
            }
        }
    }

    private static long Low(Int128 value) => value <= long.MinValue ? long.MinValue : value > long.MaxValue ? long.MaxValue : (long)value;

    private static long High(Int128 value) => value >= long.MaxValue ? long.MaxValue : value < long.MinValue ? long.MinValue : (long)value;

    private static Bound Times(long a, long b)
    {
        if (a == 0 || b == 0)
        {
            return new Bound(0, 0);
        }

        var infinite = a is long.MinValue or long.MaxValue || b is long.MinValue or long.MaxValue;
        return infinite ? new Bound((a < 0) == (b < 0) ? 1 : -1, 0) : new Bound(0, (Int128)a * b);
    }

    private DimRange Compute(Dim dim)
    {
        DimRange range;
        switch (dim.Kind)
        {
            case DimKind.Constant:
                return new DimRange(dim.Constant, dim.Constant);
            case DimKind.Symbol:
                range = DimRange.Unbounded;
                break;
            case DimKind.FloorDiv:
                range = Divide(memo[dim.Operands[0]], memo[dim.Operands[1]]);
                break;
            case DimKind.Min:
                range = new DimRange(
                    dim.Operands.Min(operand => memo[operand].Minimum), dim.Operands.Min(operand => memo[operand].Maximum));
                break;
            case DimKind.Max:
                range = new DimRange(
                    dim.Operands.Max(operand => memo[operand].Minimum), dim.Operands.Max(operand => memo[operand].Maximum));
                break;
            case DimKind.Product:
                range = new DimRange(1, 1);
                for (var i = 0; i < dim.Operands.Length;)
                {
                    var atom = dim.Operands[i];
                    var power = 0;
                    var piece = new DimRange(1, 1);
                    for (; i < dim.Operands.Length && ReferenceEquals(dim.Operands[i], atom); i++, power++)
                    {
                        piece = Multiply(piece, memo[atom]);
                    }

                    if (power % 2 == 0)
                    {
                        piece = piece with { Minimum = Math.Max(piece.Minimum, 0) };
                    }

                    range = Multiply(range, piece);
                }

                break;
            case DimKind.Sum:
                range = new DimRange(dim.Constant, dim.Constant);
                foreach (var term in dim.Terms)
                {
                    range = Add(range, Multiply(new DimRange(term.Coefficient, term.Coefficient), memo[term.Monomial]));
                }

                // The same terms under another constant may be bounded as a whole.
                if (dim.Constant != 0 && known.TryGetValue(dim - dim.Constant, out var whole))
                {
                    range = range.Intersect(Add(whole, new DimRange(dim.Constant, dim.Constant)));
                }

                break;
            default:
                throw new InvalidOperationException($"Unknown kind of dim: {dim.Kind}.");
        }

        return known.TryGetValue(dim, out var bound) ? range.Intersect(bound) : range;
    }

    private static DimRange Divide(DimRange a, DimRange b)
    {
        if (b.Minimum <= 0)
        {
            return DimRange.Unbounded;
        }

        // An unbounded divisor pulls the quotient towards 0 from above and -1 from below.
        return new DimRange(
            a.Minimum == long.MinValue ? long.MinValue : IntegerMath.FloorDiv(a.Minimum, a.Minimum < 0 ? b.Minimum : b.Maximum),
            a.Maximum == long.MaxValue ? long.MaxValue : IntegerMath.FloorDiv(a.Maximum, a.Maximum < 0 ? b.Maximum : b.Minimum));
    }

    /// <summary>A product of bounds: infinite with a sign, or a value.</summary>
    private readonly record struct Bound(int Infinite, Int128 Value) : IComparable<Bound>
    {
        public int CompareTo(Bound other)
        {
            var order = Infinite.CompareTo(other.Infinite);
            return order != 0 ? order : Value.CompareTo(other.Value);
        }
    }
}
