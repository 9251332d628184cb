namespace Dlc.Ptx.Semantics;

/// <summary>
/// A floating-point format: values are computed in f64 and rounded once. Sums, products, quotients and square roots of f16, bf16 and f32 rounded to f64
/// first and then to the format are what one rounding gives, because f64 has more than twice their digits.
/// </summary>
internal sealed class FloatFormat
{
    // Every f16 as an f32.
    private static readonly float[] Halves = [.. Enumerable.Range(0, 1 << 16).Select(i => (float)BitConverter.UInt16BitsToHalf((ushort)i))];

    /// <summary>IEEE binary16.</summary>
    public static readonly FloatFormat F16 = new(16, a => Halves[(ushort)a], d => BitConverter.HalfToUInt16Bits((Half)d));

    /// <summary>The upper half of an f32.</summary>
    public static readonly FloatFormat BF16 = new(16, a => BitConverter.UInt32BitsToSingle((uint)(ushort)a << 16), ToBFloat);

    /// <summary>IEEE binary32.</summary>
    public static readonly FloatFormat F32 = new(32, a => BitConverter.UInt32BitsToSingle((uint)a), d => BitConverter.SingleToUInt32Bits((float)d));

    /// <summary>IEEE binary64.</summary>
    public static readonly FloatFormat F64 = new(64, BitConverter.UInt64BitsToDouble, BitConverter.DoubleToUInt64Bits);

    private readonly Func<double, ulong> _nearest;

    private FloatFormat(int width, Func<ulong, double> read, Func<double, ulong> nearest)
    {
        Width = width;
        Read = read;
        _nearest = nearest;
    }

    /// <summary>Bits.</summary>
    public int Width { get; }

    /// <summary>The value of a register, exactly.</summary>
    public Func<ulong, double> Read { get; }

    /// <summary>The nearest value (ties to even) as a register.</summary>
    public Func<double, ulong> Nearest => _nearest;

    /// <summary>The format of a type; null for other types.</summary>
    public static FloatFormat? Of(string type) => type switch
    {
        "f16" => F16,
        "bf16" => BF16,
        "f32" => F32,
        "f64" => F64,
        _ => null,
    };

    /// <summary>a + b in f64 such that a later rounding to fewer digits is as if there had been no rounding before.</summary>
    public static double AddToOdd(double a, double b)
    {
        double sum = a + b;
        double part = sum - a;
        double error = (a - (sum - part)) + (b - part);
        if (error == 0 || double.IsNaN(error) || double.IsInfinity(sum))
        {
            return sum;
        }

        long bits = BitConverter.DoubleToInt64Bits(sum);
        if ((bits & 1) != 0)
        {
            return sum;
        }

        return BitConverter.Int64BitsToDouble((error > 0) == (sum > 0) ? bits + 1 : bits - 1);
    }

    /// <summary>A value rounded by one of rn, rz, rm (down), rp (up).</summary>
    public Func<double, ulong> Rounding(string mode)
    {
        ulong magnitude = (1ul << (Width - 1)) - 1;
        return mode switch
        {
            "rn" or "" => _nearest,
            "rz" => d => Step(d, (rounded, exact) => Math.Abs(rounded) > Math.Abs(exact), r => (r & magnitude) - 1 | (r & ~magnitude)),
            "rm" => d => Step(d, (rounded, exact) => rounded > exact, Down),
            "rp" => d => Step(d, (rounded, exact) => rounded < exact, Up),
            _ => throw new ArgumentException($"no rounding {mode}"),
        };

        ulong Step(double exact, Func<double, double, bool> beyond, Func<ulong, ulong> step)
        {
            ulong rounded = _nearest(exact);
            return beyond(Read(rounded), exact) ? step(rounded) : rounded;
        }

        ulong Up(ulong r) => (r & ~magnitude) == 0 ? r + 1 : (r & magnitude) == 0 ? 1 : r - 1;

        ulong Down(ulong r) => (r & ~magnitude) != 0 ? r + 1 : (r & magnitude) == 0 ? magnitude + 2 : r - 1;
    }

    /// <summary>A value below the normal range becomes zero of its sign (.ftz; f32 alone).</summary>
    public static ulong Flush(ulong register) => (register & 0x7f800000) == 0 ? register & 0x80000000 : register;

    private static ulong ToBFloat(double value)
    {
        if (double.IsNaN(value))
        {
            return 0x7fff;
        }

        float rounded = (float)value;
        uint bits = BitConverter.SingleToUInt32Bits(rounded);
        if (rounded != value)
        {
            // Cut off rather than round, and remember in the last bit that something was there.
            bits = (Math.Abs((double)rounded) > Math.Abs(value) ? bits - 1 : bits) | 1;
        }

        return (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    }
}
