using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dlc.IR.Symbolic;

/// <summary>Arithmetic on one number a witness: integers held in doubles, exact up to 2^53; beyond that a lane is NaN, which decides nothing.</summary>
internal static class LaneMath
{
    /// <summary>Witnesses that are looked at together; one bit each in a mask.</summary>
    public const int Count = 32;

    /// <summary>All of them.</summary>
    public const uint All = uint.MaxValue;

    private const double Exact = 1L << 53;

    /// <summary>sum += scale * a; size grows by the absolute values.</summary>
    public static void AddScaled(Span<double> sum, Span<double> size, double scale, ReadOnlySpan<double> a)
    {
        var factor = Vector256.Create(scale);
        var s = Cast(sum);
        var z = Cast(size);
        var x = Cast(a);
        for (var i = 0; i < s.Length; i++)
        {
            var term = factor * x[i];
            s[i] += term;
            z[i] += Vector256.Abs(term);
        }
    }

    /// <summary>a = scale * a + offset; lanes whose result is too large to be exact become NaN.</summary>
    public static void Scale(Span<double> a, double scale, double offset)
    {
        var (factor, shift, limit) = (Vector256.Create(scale), Vector256.Create(offset), Vector256.Create(Exact));
        foreach (ref var x in Cast(a))
        {
            var term = factor * x;
            x = Vector256.ConditionalSelect(
                Vector256.LessThanOrEqual(Vector256.Abs(term) + Vector256.Abs(shift), limit), term + shift, Vector256.Create(double.NaN));
        }
    }

    /// <summary>Of some lanes those in which times * limit is below scale * a + offset, or a part of them; where there are none, the sum of the differences.</summary>
    public static uint Below(ReadOnlySpan<double> limit, double times, ReadOnlySpan<double> a, double scale, double offset, uint lanes, out double sum)
    {
        var l = Cast(limit);
        var x = Cast(a);
        var (left, right, shift, exact) = (Vector256.Create(times), Vector256.Create(scale), Vector256.Create(offset), Vector256.Create(Exact));
        var total = Vector256<double>.Zero;
        for (var i = 0; i < x.Length; i++)
        {
            var (first, second) = (left * l[i], right * x[i]);
            var known = Vector256.LessThanOrEqual(Vector256.Abs(first) + Vector256.Abs(second) + Vector256.Abs(shift), exact);
            var difference = Vector256.ConditionalSelect(known, first - second - shift, Vector256<double>.Zero);
            total += difference;
            if (((Vector256.ExtractMostSignificantBits(Vector256.LessThan(difference, Vector256<double>.Zero)) << (4 * i)) & lanes) is not 0 and var below)
            {
                // One is enough; the others are mostly not in the processor's cache.
                sum = 0;
                return below;
            }
        }

        sum = Vector256.Sum(total);
        return 0;
    }

    /// <summary>Lanes above a number.</summary>
    public static uint Above(ReadOnlySpan<double> a, double least)
    {
        var mask = 0u;
        for (var i = 0; i < a.Length; i++)
        {
            mask |= a[i] > least ? 1u << i : 0;
        }

        return mask;
    }

    /// <summary>a = floor(a / b). A quotient of whole numbers up to 2^53 is never rounded up to the next whole number.</summary>
    public static void FloorDivide(Span<double> a, ReadOnlySpan<double> b)
    {
        var x = Cast(a);
        var y = Cast(b);
        for (var i = 0; i < x.Length; i++)
        {
            x[i] = Vector256.ConditionalSelect(
                Vector256.Equals(y[i], Vector256<double>.Zero), Vector256.Create(double.NaN), Vector256.Floor(x[i] / y[i]));
        }
    }

    /// <summary>a *= b.</summary>
    public static void Multiply(Span<double> a, ReadOnlySpan<double> b)
    {
        var x = Cast(a);
        var y = Cast(b);
        for (var i = 0; i < x.Length; i++)
        {
            x[i] *= y[i];
        }
    }

    /// <summary>Makes lanes NaN whose parts were too large to be exact.</summary>
    public static void Check(Span<double> sum, ReadOnlySpan<double> size)
    {
        var s = Cast(sum);
        var z = Cast(size);
        var limit = Vector256.Create(Exact);
        for (var i = 0; i < s.Length; i++)
        {
            s[i] = Vector256.ConditionalSelect(Vector256.LessThanOrEqual(z[i], limit), s[i], Vector256.Create(double.NaN));
        }
    }

    /// <summary>Lanes below 0.</summary>
    public static uint Negative(ReadOnlySpan<double> a)
    {
        var x = Cast(a);
        var mask = 0u;
        for (var i = 0; i < x.Length; i++)
        {
            mask |= Vector256.ExtractMostSignificantBits(Vector256.LessThan(x[i], Vector256<double>.Zero)) << (4 * i);
        }

        return mask;
    }

    /// <summary>Lanes equal to 0.</summary>
    public static uint Zero(ReadOnlySpan<double> a)
    {
        var x = Cast(a);
        var mask = 0u;
        for (var i = 0; i < x.Length; i++)
        {
            mask |= Vector256.ExtractMostSignificantBits(Vector256.Equals(x[i], Vector256<double>.Zero)) << (4 * i);
        }

        return mask;
    }

    /// <summary>Lanes that hold a number.</summary>
    public static uint Known(ReadOnlySpan<double> a)
    {
        var x = Cast(a);
        var mask = 0u;
        for (var i = 0; i < x.Length; i++)
        {
            mask |= Vector256.ExtractMostSignificantBits(Vector256.Equals(x[i], x[i])) << (4 * i);
        }

        return mask;
    }

    /// <summary>result = scale * a - otherScale * b [* factor]; gives the lanes of it that are below 0.</summary>
    public static uint Combine(
        Span<double> result, double scale, ReadOnlySpan<double> a, double otherScale, ReadOnlySpan<double> b, ReadOnlySpan<double> factor)
    {
        var r = Cast(result);
        var x = Cast(a);
        var y = Cast(b);
        var f = Cast(factor);
        var mask = 0u;
        var (left, right, limit) = (Vector256.Create(scale), Vector256.Create(otherScale), Vector256.Create(Exact));
        for (var i = 0; i < r.Length; i++)
        {
            var first = left * x[i];
            var second = right * (f.IsEmpty ? y[i] : y[i] * f[i]);
            var size = Vector256.Abs(first) + Vector256.Abs(second);
            r[i] = Vector256.ConditionalSelect(
                Vector256.LessThanOrEqual(size, limit), first - second, Vector256.Create(double.NaN));
            mask |= Vector256.ExtractMostSignificantBits(Vector256.LessThan(r[i], Vector256<double>.Zero)) << (4 * i);
        }

        return mask;
    }

    /// <summary>A value within what is exact, else NaN.</summary>
    public static double Value(double value) => Math.Abs(value) <= Exact ? value : double.NaN;

    private static Span<Vector256<double>> Cast(Span<double> a) => MemoryMarshal.Cast<double, Vector256<double>>(a);

    private static ReadOnlySpan<Vector256<double>> Cast(ReadOnlySpan<double> a) => MemoryMarshal.Cast<double, Vector256<double>>(a);
}
