namespace Dlc.IR.Symbolic;

/// <summary>Arithmetic on ranges whose extreme bounds mean unbounded. Results that leave 64 bits become unbounded.</summary>
internal static class Interval
{
    public static DimRange Point(long value) => new(value, value);

    public static DimRange Add(DimRange a, DimRange b) => new(
        a.Minimum == long.MinValue || b.Minimum == long.MinValue ? long.MinValue : Low((Int128)a.Minimum + b.Minimum),
        a.Maximum == long.MaxValue || b.Maximum == long.MaxValue ? long.MaxValue : High((Int128)a.Maximum + b.Maximum));

    public static DimRange Scale(DimRange a, long factor)
    {
        if (factor == 1)
        {
            return a;
        }

        var low = factor >= 0 ? a.Minimum : a.Maximum;
        var high = factor >= 0 ? a.Maximum : a.Minimum;
        return factor == 0 ? Point(0) : new DimRange(
            low is long.MinValue or long.MaxValue ? long.MinValue : Low((Int128)low * factor),
            high is long.MinValue or long.MaxValue ? long.MaxValue : High((Int128)high * factor));
    }

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

    public static DimRange FloorDiv(DimRange a, DimRange b)
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

    /// <summary>Range of the multiples k with k * factor + offset in <paramref name="range"/>.</summary>
    public static DimRange Solve(DimRange range, long factor, long offset)
    {
        if (factor == long.MinValue || offset == long.MinValue)
        {
            return DimRange.Unbounded;
        }

        if (factor < 0)
        {
            return Solve(Scale(range, -1), -factor, -offset);
        }

        return new DimRange(
            range.Minimum == long.MinValue ? long.MinValue : Low(-FloorDivWide(offset - (Int128)range.Minimum, factor)),
            range.Maximum == long.MaxValue ? long.MaxValue : High(FloorDivWide((Int128)range.Maximum - offset, factor)));
    }

    public static long Low(Int128 value) => value <= long.MinValue || value > long.MaxValue ? long.MinValue : (long)value;

    public static long High(Int128 value) => value >= long.MaxValue || value < long.MinValue ? long.MaxValue : (long)value;

    private static Int128 FloorDivWide(Int128 dividend, long divisor)
    {
        var quotient = dividend / divisor;
        return dividend % divisor < 0 ? quotient - 1 : quotient;
    }

    private static Bound Times(long a, long b)
    {
        if (a == 0 || b == 0)
        {
            return new Bound(0, 0);
        }

        var infinite = a is long.MinValue or long.MaxValue || b is long.MinValue or long.MaxValue;
        return infinite ? new Bound((a < 0) == (b < 0) ? 1 : -1, 0) : new Bound(0, (Int128)a * b);
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
