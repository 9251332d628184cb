namespace Dlc.IR.Kernels;

/// <summary>What every operation of the kernel IR means on one scalar: the obvious definition that compiled code is checked against.</summary>
public static class InterpreterArithmetic
{
    public static InterpreterScalar Unary(UnaryOp op, InterpreterScalar x)
    {
        if (x.Type.IsFloat())
        {
            return InterpreterScalar.Of(x.Type, UnaryFloat(op, x.Float));
        }

        return op switch
        {
            UnaryOp.Not => InterpreterScalar.Of(!x.IsTrue),
            UnaryOp.BitNot => InterpreterScalar.Of(x.Type, x.Type == ElementType.Bool ? 1 - x.Integer : ~x.Integer),
            UnaryOp.Neg => InterpreterScalar.Of(x.Type, unchecked(-x.Integer)),
            UnaryOp.Abs => InterpreterScalar.Of(x.Type, x.Type.IsUnsigned() || x.Integer >= 0 ? x.Integer : unchecked(-x.Integer)),
            UnaryOp.Sign => InterpreterScalar.Of(x.Type, x.Type.IsUnsigned() ? (x.Integer == 0 ? 0 : 1) : Math.Sign(x.Integer)),
            UnaryOp.Floor or UnaryOp.Ceil or UnaryOp.Round or UnaryOp.Trunc => x,
            _ => throw new InvalidOperationException($"{op} is not defined on {x.Type}"),
        };
    }

    public static InterpreterScalar Binary(BinaryOp op, InterpreterScalar a, InterpreterScalar b)
    {
        if (a.Type != b.Type)
        {
            throw new InvalidOperationException($"{op} of {a.Type} and {b.Type}");
        }

        if (op.IsComparison())
        {
            return InterpreterScalar.Of(op switch
            {
                BinaryOp.Equal => a.Type.IsFloat() ? a.Float == b.Float : a.Integer == b.Integer,
                BinaryOp.NotEqual => a.Type.IsFloat() ? a.Float != b.Float : a.Integer != b.Integer,
                BinaryOp.Less => Less(a, b),
                BinaryOp.LessOrEqual => a.Type.IsFloat() ? a.Float <= b.Float : !Less(b, a),
                _ => throw new InvalidOperationException($"unknown comparison {op}"),
            });
        }

        return a.Type.IsFloat()
            ? InterpreterScalar.Of(a.Type, BinaryFloat(op, a.Float, b.Float))
            : InterpreterScalar.Of(a.Type, a.Type == ElementType.UInt64
                ? unchecked((long)BinaryUnsigned(op, (ulong)a.Integer, (ulong)b.Integer))
                : BinaryInteger(op, a.Integer, b.Integer, a.Type == ElementType.Bool ? 1 : 8 * a.Type.Bytes()));
    }

    public static InterpreterScalar Cast(ElementType type, InterpreterScalar x)
    {
        if (type == ElementType.Bool)
        {
            return InterpreterScalar.Of(x.Type.IsFloat() ? x.Float != 0 : x.Integer != 0);
        }

        if (!x.Type.IsFloat())
        {
            if (!type.IsFloat())
            {
                return InterpreterScalar.Of(type, x.Integer);
            }

            // One rounding for f32 and f64; the narrower ones go through f32.
            var unsigned = x.Type == ElementType.UInt64;
            return InterpreterScalar.Of(type, type == ElementType.Float64
                ? (unsigned ? (double)unchecked((ulong)x.Integer) : x.Integer)
                : (unsigned ? (float)unchecked((ulong)x.Integer) : (float)x.Integer));
        }

        return type.IsFloat() ? InterpreterScalar.Of(type, x.Float) : InterpreterScalar.Of(type, Saturate(type, x.Float));
    }

    public static InterpreterScalar Bitcast(ElementType type, InterpreterScalar x) => type.Bytes() == x.Type.Bytes()
        ? InterpreterScalar.FromBits(type, x.ToBits())
        : throw new InvalidOperationException($"bits of {x.Type} are not those of {type}");

    /// <summary>The error function, to about 1e-15.</summary>
    public static double Erf(double x)
    {
        var a = Math.Abs(x);
        if (double.IsNaN(x) || a > 6)
        {
            return double.IsNaN(x) ? x : Math.CopySign(1, x);
        }

        if (a < 2.5)
        {
            // erf(x) = 2/sqrt(pi) e^(-x^2) sum 2^n x^(2n+1) / (1 3 5 ... (2n+1)): all terms of one sign.
            double term = x, sum = x;
            for (var n = 1; Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
            {
                term *= 2 * x * x / ((2 * n) + 1);
                sum += term;
            }

            return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }

        // erfc(x) = e^(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))), from the far end.
        var fraction = a;
        for (var k = 120; k > 0; k--)
        {
            fraction = a + (k / 2.0 / fraction);
        }

        return Math.CopySign(1 - (Math.Exp(-a * a) / Math.Sqrt(Math.PI) / fraction), x);
    }

    private static bool Less(InterpreterScalar a, InterpreterScalar b) =>
        a.Type.IsFloat() ? a.Float < b.Float
        : a.Type == ElementType.UInt64 ? unchecked((ulong)a.Integer < (ulong)b.Integer)
        : a.Integer < b.Integer;

    private static double UnaryFloat(UnaryOp op, double x) => op switch
    {
        UnaryOp.Neg => -x,
        UnaryOp.Abs => Math.Abs(x),
        UnaryOp.Sign => double.IsNaN(x) || x == 0 ? x : Math.Sign(x),
        UnaryOp.Exp => Math.Exp(x),
        UnaryOp.Log => Math.Log(x),
        UnaryOp.Sqrt => Math.Sqrt(x),
        UnaryOp.Rsqrt => 1 / Math.Sqrt(x),
        UnaryOp.Floor => Math.Floor(x),
        UnaryOp.Ceil => Math.Ceiling(x),
        UnaryOp.Round => Math.Round(x, MidpointRounding.ToEven),
        UnaryOp.Trunc => Math.Truncate(x),
        UnaryOp.Sin => Math.Sin(x),
        UnaryOp.Cos => Math.Cos(x),
        UnaryOp.Tan => Math.Tan(x),
        UnaryOp.Asin => Math.Asin(x),
        UnaryOp.Acos => Math.Acos(x),
        UnaryOp.Atan => Math.Atan(x),
        UnaryOp.Sinh => Math.Sinh(x),
        UnaryOp.Cosh => Math.Cosh(x),
        UnaryOp.Tanh => Math.Tanh(x),
        UnaryOp.Asinh => Math.Asinh(x),
        UnaryOp.Acosh => Math.Acosh(x),
        UnaryOp.Atanh => Math.Atanh(x),
        UnaryOp.Erf => Erf(x),
        _ => throw new InvalidOperationException($"{op} is not defined on floats"),
    };

    private static double BinaryFloat(BinaryOp op, double a, double b) => op switch
    {
        BinaryOp.Add => a + b,
        BinaryOp.Sub => a - b,
        BinaryOp.Mul => a * b,
        BinaryOp.Div => a / b,
        BinaryOp.Rem => a % b,
        BinaryOp.Mod => FloorModulo(a, b),
        BinaryOp.Min => Math.Min(a, b),
        BinaryOp.Max => Math.Max(a, b),
        BinaryOp.Pow => Math.Pow(a, b),
        BinaryOp.Atan2 => Math.Atan2(a, b),
        _ => throw new InvalidOperationException($"{op} is not defined on floats"),
    };

    private static double FloorModulo(double a, double b)
    {
        var r = a % b;
        return r == 0 ? Math.CopySign(r, b) : (r < 0) != (b < 0) ? r + b : r;
    }

    private static long BinaryInteger(BinaryOp op, long a, long b, int width)
    {
        unchecked
        {
            switch (op)
            {
                case BinaryOp.Add: return a + b;
                case BinaryOp.Sub: return a - b;
                case BinaryOp.Mul: return a * b;
                case BinaryOp.Div: return b == 0 ? 0 : b == -1 ? -a : a / b;
                case BinaryOp.Rem: return b is 0 or -1 ? 0 : a % b;
                case BinaryOp.FloorDiv:
                    if (b is 0 or -1)
                    {
                        return b * a;
                    }

                    return (a / b) - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
                case BinaryOp.Mod:
                    if (b is 0 or -1)
                    {
                        return 0;
                    }

                    var r = a % b;
                    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
                case BinaryOp.Min: return Math.Min(a, b);
                case BinaryOp.Max: return Math.Max(a, b);
                case BinaryOp.Pow: return Power(a, b);
                case BinaryOp.And: return a & b;
                case BinaryOp.Or: return a | b;
                case BinaryOp.Xor: return a ^ b;
                case BinaryOp.ShiftLeft: return b < 0 || b >= width ? 0 : a << (int)b;
                case BinaryOp.ShiftRight: return b < 0 || b >= width ? (a < 0 ? -1 : 0) : a >> (int)b;
                default: throw new InvalidOperationException($"{op} is not defined on integers");
            }
        }
    }

    private static ulong BinaryUnsigned(BinaryOp op, ulong a, ulong b) => unchecked(op switch
    {
        BinaryOp.Div or BinaryOp.FloorDiv => b == 0 ? 0 : a / b,
        BinaryOp.Rem or BinaryOp.Mod => b == 0 ? 0 : a % b,
        BinaryOp.Min => Math.Min(a, b),
        BinaryOp.Max => Math.Max(a, b),
        BinaryOp.ShiftLeft => b >= 64 ? 0 : a << (int)b,
        BinaryOp.ShiftRight => b >= 64 ? 0 : a >> (int)b,
        BinaryOp.Pow => (ulong)Multiply((long)a, b),
        _ => (ulong)BinaryInteger(op, (long)a, (long)b, 64),
    });

    private static long Power(long a, long b) => b >= 0 ? Multiply(a, unchecked((ulong)b)) : a switch
    {
        1 => 1,
        -1 => (b & 1) == 0 ? 1 : -1,
        _ => 0,
    };

    private static long Multiply(long a, ulong times)
    {
        // By squaring; wraps like repeated multiplication does.
        var product = 1L;
        for (; times != 0; times >>= 1)
        {
            if ((times & 1) != 0)
            {
                product = unchecked(product * a);
            }

            a = unchecked(a * a);
        }

        return product;
    }

    private static long Saturate(ElementType type, double x)
    {
        if (double.IsNaN(x))
        {
            return 0;
        }

        x = Math.Truncate(x);
        return type switch
        {
            ElementType.Int8 => (long)Math.Clamp(x, sbyte.MinValue, sbyte.MaxValue),
            ElementType.Int16 => (long)Math.Clamp(x, short.MinValue, short.MaxValue),
            ElementType.Int32 => (long)Math.Clamp(x, int.MinValue, int.MaxValue),
            ElementType.UInt8 => (long)Math.Clamp(x, 0, byte.MaxValue),
            ElementType.UInt16 => (long)Math.Clamp(x, 0, ushort.MaxValue),
            ElementType.UInt32 => (long)Math.Clamp(x, 0, uint.MaxValue),
            ElementType.Int64 => x >= 9223372036854775808.0 ? long.MaxValue : x <= -9223372036854775808.0 ? long.MinValue : (long)x,
            ElementType.UInt64 => unchecked((long)(x >= 18446744073709551616.0 ? ulong.MaxValue : x <= 0 ? 0 : (ulong)x)),
            _ => throw new InvalidOperationException($"{type} is not an integer type"),
        };
    }
}
