namespace Dlc.Ptx.Semantics;

/// <summary>
/// Floating-point instructions. Approximate ones (<c>.approx</c>) give the nearest value, but for tanh, which is cut to the digits that the hardware promises:
/// a kernel must not be better here than on a GPU by much.
/// </summary>
internal static class FloatFunctions
{
    private const uint SingleNaN = 0x7fffffff;

    /// <summary>The function of an instruction of two operands; null when there is none.</summary>
    public static Func<ulong, ulong, ulong>? Binary(string name, string type, bool propagateNaN)
    {
        if (Pair(type) is { } half)
        {
            return Halves(Binary(name, half, propagateNaN));
        }

        switch (name, type)
        {
            case ("add", "f32"):
                return (a, b) => Bits.Of(Bits.Single(a) + Bits.Single(b));
            case ("sub", "f32"):
                return (a, b) => Bits.Of(Bits.Single(a) - Bits.Single(b));
            case ("mul", "f32"):
                return (a, b) => Bits.Of(Bits.Single(a) * Bits.Single(b));
            case ("div", "f32"):
                return (a, b) => Bits.Of(Bits.Single(a) / Bits.Single(b));
        }

        if (FloatFormat.Of(type) is not { } format)
        {
            return null;
        }

        var read = format.Read;
        var write = format.Nearest;
        return name switch
        {
            "add" => (a, b) => write(read(a) + read(b)),
            "sub" => (a, b) => write(read(a) - read(b)),
            "mul" => (a, b) => write(read(a) * read(b)),
            "div" => (a, b) => write(read(a) / read(b)),
            "min" => (a, b) => Least(a, b, read, propagateNaN, format.Width),
            "max" => (a, b) => Greatest(a, b, read, propagateNaN, format.Width),
            "copysign" => (a, b) => (b & Magnitude(format.Width)) | (a & ~Magnitude(format.Width)),
            _ => null,
        };
    }

    /// <summary>The function of an instruction of one operand; null when there is none.</summary>
    public static Func<ulong, ulong>? Unary(string name, string type)
    {
        if (Pair(type) is { } half)
        {
            var inner = Unary(name, half);
            return inner is null ? null : a => inner(a & 0xffff) | (inner((a >> 16) & 0xffff) << 16);
        }

        if (FloatFormat.Of(type) is not { } format)
        {
            return null;
        }

        var read = format.Read;
        var write = format.Nearest;
        ulong magnitude = Magnitude(format.Width);
        ulong sign = magnitude + 1;
        return name switch
        {
            "neg" => a => a ^ sign,
            "abs" => a => a & magnitude,
            "rcp" => a => write(1 / read(a)),
            "sqrt" => a => write(Math.Sqrt(read(a))),
            "rsqrt" => a => write(1 / Math.Sqrt(read(a))),
            "ex2" => a => write(Math.Pow(2, read(a))),
            "lg2" => a => write(Math.Log2(read(a))),
            "sin" => a => write(Math.Sin(read(a))),
            "cos" => a => write(Math.Cos(read(a))),
            "tanh" when type == "f32" => a => Cut(write(Math.Tanh(read(a)))),
            "tanh" => a => write(Math.Tanh(read(a))),
            _ => null,
        };
    }

    /// <summary>a * b + c with one rounding.</summary>
    public static Func<ulong, ulong, ulong, ulong>? MultiplyAdd(string type)
    {
        if (Pair(type) is { } half)
        {
            var inner = MultiplyAdd(half)!;
            return (a, b, c) => inner(a & 0xffff, b & 0xffff, c & 0xffff) | (inner(a >> 16, b >> 16, c >> 16) << 16);
        }

        switch (type)
        {
            case "f32":
                return (a, b, c) => Bits.Of(MathF.FusedMultiplyAdd(Bits.Single(a), Bits.Single(b), Bits.Single(c)));
            case "f64":
                return (a, b, c) => Bits.Of(Math.FusedMultiplyAdd(Bits.As<double>(a), Bits.As<double>(b), Bits.As<double>(c)));
            case "f16" or "bf16":
                var format = FloatFormat.Of(type)!;
                return (a, b, c) => format.Nearest(FloatFormat.AddToOdd(format.Read(a) * format.Read(b), format.Read(c)));
            default:
                return null;
        }
    }

    /// <summary>add, sub, mul or fma of f32 that rounds up, down or towards zero; null where there is none.</summary>
    public static Func<ulong, ulong, ulong, ulong>? Directed(string name, string type, string rounding)
    {
        if (type != "f32")
        {
            return null;
        }

        var read = FloatFormat.F32.Read;
        var round = FloatFormat.F32.Rounding(rounding);
        return name switch
        {
            "add" => (a, b, _) => round(FloatFormat.AddToOdd(read(a), read(b))),
            "sub" => (a, b, _) => round(FloatFormat.AddToOdd(read(a), -read(b))),
            "mul" => (a, b, _) => round(read(a) * read(b)),
            "fma" => (a, b, c) => round(FloatFormat.AddToOdd(read(a) * read(b), read(c))),
            _ => null,
        };
    }

    /// <summary>A property of a value (testp).</summary>
    public static Func<ulong, ulong>? Test(string property, string type)
    {
        var read = FloatFormat.Of(type)?.Read;
        double least = type == "f64" ? 2.2250738585072014e-308 : 1.1754943508222875e-38;
        return read is null ? null : property switch
        {
            "finite" => a => double.IsFinite(read(a)) ? 1ul : 0,
            "infinite" => a => double.IsInfinity(read(a)) ? 1ul : 0,
            "number" => a => double.IsNaN(read(a)) ? 0ul : 1,
            "notanumber" => a => double.IsNaN(read(a)) ? 1ul : 0,
            "normal" => a => double.IsFinite(read(a)) && Math.Abs(read(a)) >= least ? 1ul : 0,
            "subnormal" => a => read(a) != 0 && Math.Abs(read(a)) < least ? 1ul : 0,
            _ => null,
        };
    }

    /// <summary>Clamps to [0, 1]; NaN becomes 0.</summary>
    public static Func<ulong, ulong> Saturate(string type)
    {
        if (Pair(type) is { } half)
        {
            var inner = Saturate(half);
            return a => inner(a & 0xffff) | (inner((a >> 16) & 0xffff) << 16);
        }

        var format = FloatFormat.Of(type) ?? throw new ArgumentException($"no floating-point type {type}");
        return a =>
        {
            double value = format.Read(a);
            return value > 0 ? format.Nearest(Math.Min(value, 1)) : 0;
        };
    }

    /// <summary>Compares two values; relations that end in u are true of NaN.</summary>
    public static Func<ulong, ulong, bool>? Compare(string relation, string type)
    {
        if (FloatFormat.Of(type) is not { } format)
        {
            return null;
        }

        var read = format.Read;
        return relation switch
        {
            "eq" => (a, b) => read(a) == read(b),
            "ne" => (a, b) => read(a) < read(b) || read(a) > read(b),
            "lt" => (a, b) => read(a) < read(b),
            "le" => (a, b) => read(a) <= read(b),
            "gt" => (a, b) => read(a) > read(b),
            "ge" => (a, b) => read(a) >= read(b),
            "equ" => (a, b) => !(read(a) < read(b) || read(a) > read(b)),
            "neu" => (a, b) => !(read(a) == read(b)),
            "ltu" => (a, b) => !(read(a) >= read(b)),
            "leu" => (a, b) => !(read(a) > read(b)),
            "gtu" => (a, b) => !(read(a) <= read(b)),
            "geu" => (a, b) => !(read(a) < read(b)),
            "num" => (a, b) => !double.IsNaN(read(a)) && !double.IsNaN(read(b)),
            "nan" => (a, b) => double.IsNaN(read(a)) || double.IsNaN(read(b)),
            _ => null,
        };
    }

    /// <summary>The type of the halves of a packed type; null for other types.</summary>
    public static string? Pair(string type) => type is "f16x2" or "bf16x2" ? type[..^2] : null;

    private static ulong Magnitude(int width) => (1ul << (width - 1)) - 1;

    private static Func<ulong, ulong, ulong>? Halves(Func<ulong, ulong, ulong>? half) =>
        half is null ? null : (a, b) => half(a & 0xffff, b & 0xffff) | (half((a >> 16) & 0xffff, (b >> 16) & 0xffff) << 16);

    private static ulong NaN(int width) => width == 16 ? 0x7ffful : width == 32 ? SingleNaN : 0x7ffffffffffffffful;

    private static ulong Least(ulong a, ulong b, Func<ulong, double> read, bool propagateNaN, int width)
    {
        double x = read(a), y = read(b);
        return double.IsNaN(x) || double.IsNaN(y)
            ? propagateNaN || (double.IsNaN(x) && double.IsNaN(y)) ? NaN(width) : double.IsNaN(x) ? b : a
            : x < y || (x == y && double.IsNegative(x)) ? a : b;
    }

    private static ulong Greatest(ulong a, ulong b, Func<ulong, double> read, bool propagateNaN, int width)
    {
        double x = read(a), y = read(b);
        return double.IsNaN(x) || double.IsNaN(y)
            ? propagateNaN || (double.IsNaN(x) && double.IsNaN(y)) ? NaN(width) : double.IsNaN(x) ? b : a
            : x > y || (x == y && !double.IsNegative(x)) ? a : b;
    }

    // A relative error of up to 2^-11 (PTX ISA on tanh.approx.f32).
    private static ulong Cut(ulong single) => (single & 0x7fffffff) > 0x7f800000 ? single : (single + 0x800) & 0xfffff000;
}
