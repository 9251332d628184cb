namespace Dlc.Ptx.Semantics;

/// <summary>The cvt instruction.</summary>
internal static class Conversions
{
    /// <summary>The conversion between two types under modifiers such as rn, rzi, sat, ftz, relu; null when there is none.</summary>
    public static Func<ulong, ulong>? Convert(string to, string from, IReadOnlyCollection<string> modifiers)
    {
        bool saturate = modifiers.Contains("sat");
        bool flush = modifiers.Contains("ftz");
        string rounding = modifiers.FirstOrDefault(m => m is "rn" or "rz" or "rm" or "rp" or "rna") ?? "";
        string integral = modifiers.FirstOrDefault(m => m is "rni" or "rzi" or "rmi" or "rpi") ?? "";
        if (to == "tf32")
        {
            // Ten bits after the point; ties away from zero.
            return rounding == "rna" ? a => (a & 0x7fffffff) > 0x7f800000 ? 0x7fffffff : (uint)(a + 0x1000) & ~0x1ffful : null;
        }

        var source = FloatFormat.Of(from);
        var target = FloatFormat.Of(to);
        if (source is not null && target is not null)
        {
            return FloatToFloat(source, target, rounding, integral, saturate, flush, modifiers);
        }

        if (source is not null)
        {
            return PtxIntegers.IsInteger(to) ? FloatToInteger(source, to, integral, flush) : null;
        }

        if (!PtxIntegers.IsInteger(from))
        {
            return null;
        }

        if (target is not null)
        {
            return IntegerToFloat(from, target, rounding);
        }

        return PtxIntegers.IsInteger(to) ? IntegerToInteger(from, to, saturate) : null;
    }

    private static Func<ulong, ulong> FloatToFloat(
        FloatFormat source,
        FloatFormat target,
        string rounding,
        string integral,
        bool saturate,
        bool flush,
        IReadOnlyCollection<string> modifiers)
    {
        var round = target.Rounding(rounding);
        var whole = Whole(integral);
        bool rectify = modifiers.Contains("relu");
        return a =>
        {
            double value = source.Read(flush && source == FloatFormat.F32 ? FloatFormat.Flush(a) : a);
            value = whole is null ? value : whole(value);
            if (rectify)
            {
                value = value < 0 ? 0 : value;
            }

            if (saturate)
            {
                value = value > 0 ? Math.Min(value, 1) : 0;
            }

            ulong result = double.IsNaN(value) ? (1ul << (target.Width - 1)) - 1 : round(value);
            return flush && target == FloatFormat.F32 ? FloatFormat.Flush(result) : result;
        };
    }

    private static Func<ulong, ulong> FloatToInteger(FloatFormat source, string to, string integral, bool flush)
    {
        var whole = Whole(integral) ?? Math.Truncate;
        int width = PtxIntegers.Width(to);
        bool signed = to[0] == 's';
        double least = signed ? -Math.ScaleB(1, width - 1) : 0;
        double beyond = Math.ScaleB(1, signed ? width - 1 : width);
        ulong greatest = signed ? (1ul << (width - 1)) - 1 : width == 64 ? ulong.MaxValue : (1ul << width) - 1;
        ulong notANumber = source.Width == 64 || width == 64 ? 1ul << (width - 1) : 0;
        return a =>
        {
            double value = source.Read(flush && source == FloatFormat.F32 ? FloatFormat.Flush(a) : a);
            if (double.IsNaN(value))
            {
                return notANumber;
            }

            value = whole(value);
            return value >= beyond ? greatest : signed ? (ulong)(long)Math.Max(value, least) : (ulong)Math.Max(value, 0);
        };
    }

    private static Func<ulong, ulong> IntegerToFloat(string from, FloatFormat target, string rounding)
    {
        // 64-bit integers do not fit an f64; to f32 and f64 the nearest is a conversion of its own.
        if (from is "s64" && rounding is ("rn" or ""))
        {
            return target == FloatFormat.F32 ? a => Bits.Of((float)(long)a) : a => target.Nearest((long)a);
        }

        if (from is "u64" && rounding is ("rn" or ""))
        {
            return target == FloatFormat.F32 ? a => Bits.Of((float)a) : a => target.Nearest(a);
        }

        var round = target.Rounding(rounding);
        return from[0] == 's'
            ? a => round(PtxIntegers.Signed(a, PtxIntegers.Width(from)))
            : a => round(PtxIntegers.Unsigned(a, PtxIntegers.Width(from)));
    }

    private static Func<ulong, ulong> IntegerToInteger(string from, string to, bool saturate)
    {
        int fromWidth = PtxIntegers.Width(from), toWidth = PtxIntegers.Width(to);
        bool fromSigned = from[0] == 's', toSigned = to[0] == 's';
        if (!saturate)
        {
            return a =>
            {
                ulong value = fromSigned ? (ulong)PtxIntegers.Signed(a, fromWidth) : PtxIntegers.Unsigned(a, fromWidth);
                return toSigned ? (ulong)PtxIntegers.Signed(value, toWidth) : PtxIntegers.Unsigned(value, toWidth);
            };
        }

        Int128 greatest = (Int128.One << (toSigned ? toWidth - 1 : toWidth)) - 1;
        Int128 least = toSigned ? -greatest - 1 : 0;
        return a =>
        {
            Int128 value = fromSigned ? PtxIntegers.Signed(a, fromWidth) : PtxIntegers.Unsigned(a, fromWidth);
            return (ulong)(Int128.Clamp(value, least, greatest) & ulong.MaxValue);
        };
    }

    private static Func<double, double>? Whole(string mode) => mode switch
    {
        "rni" => v => Math.Round(v, MidpointRounding.ToEven),
        "rzi" => Math.Truncate,
        "rmi" => Math.Floor,
        "rpi" => Math.Ceiling,
        _ => null,
    };
}
