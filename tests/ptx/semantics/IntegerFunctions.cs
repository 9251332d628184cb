using System.Numerics;

namespace Dlc.Ptx.Semantics;

/// <summary>Integer and bit instructions of two operands.</summary>
internal static class IntegerFunctions
{
    /// <summary>The function of an instruction on values of <paramref name="type"/>; null when there is none.</summary>
    public static Func<ulong, ulong, ulong>? Binary(string name, string type) => type switch
    {
        "b16" or "u16" => Of<ushort>(name),
        "s16" => Of<short>(name),
        "b32" or "u32" => Of<uint>(name),
        "s32" => Of<int>(name),
        "b64" or "u64" => Of<ulong>(name),
        "s64" => Of<long>(name),
        "pred" => Predicate(name),
        "u16x2" => Halves(Of<ushort>(name)),
        "s16x2" => Halves(Of<short>(name)),
        _ => null,
    };

    /// <summary>The product of two values in twice as many bits.</summary>
    public static Func<ulong, ulong, ulong>? Wide(string type) => type switch
    {
        "u16" => (a, b) => (uint)((ushort)a * (uint)(ushort)b),
        "s16" => (a, b) => (uint)((short)a * (short)b),
        "u32" => (a, b) => (ulong)(uint)a * (uint)b,
        "s32" => (a, b) => (ulong)((long)(int)a * (int)b),
        _ => null,
    };

    /// <summary>The upper half of the product of two values.</summary>
    public static Func<ulong, ulong, ulong>? High(string type) => type switch
    {
        "u16" => (a, b) => ((uint)(ushort)a * (ushort)b) >> 16,
        "s16" => (a, b) => (ushort)(((short)a * (short)b) >> 16),
        "u32" => (a, b) => ((ulong)(uint)a * (uint)b) >> 32,
        "s32" => (a, b) => (uint)(((long)(int)a * (int)b) >> 32),
        "u64" => (a, b) => Math.BigMul(a, b, out _),
        "s64" => (a, b) => (ulong)((Int128)(long)a * (long)b >> 64),
        _ => null,
    };

    /// <summary>The function of an instruction of one operand; null when there is none.</summary>
    public static Func<ulong, ulong>? Unary(string name, string type) => (name, type) switch
    {
        ("not", "pred") => a => a ^ 1,
        ("not", "b16") => a => (ushort)~a,
        ("not", "b32") => a => (uint)~a,
        ("not", "b64") => a => ~a,
        ("cnot", "b16") => a => (ushort)a == 0 ? 1ul : 0,
        ("cnot", "b32") => a => (uint)a == 0 ? 1ul : 0,
        ("cnot", "b64") => a => a == 0 ? 1ul : 0,
        ("neg", "s16") => a => (ushort)-(short)a,
        ("neg", "s32") => a => (uint)-(int)a,
        ("neg", "s64") => a => (ulong)-(long)a,
        ("abs", "s16") => a => (ushort)((short)a < 0 ? -(short)a : (short)a),
        ("abs", "s32") => a => (uint)((int)a < 0 ? -(int)a : (int)a),
        ("abs", "s64") => a => (ulong)((long)a < 0 ? -(long)a : (long)a),
        ("popc", "b32") => a => (uint)BitOperations.PopCount((uint)a),
        ("popc", "b64") => a => (uint)BitOperations.PopCount(a),
        ("clz", "b32") => a => (uint)BitOperations.LeadingZeroCount((uint)a),
        ("clz", "b64") => a => (uint)BitOperations.LeadingZeroCount(a),
        ("brev", "b32") => a => Reverse(a) >> 32,
        ("brev", "b64") => Reverse,
        _ => null,
    };

    /// <summary>The bytes of {b, a} that the nibbles of a selector name (prmt in its default mode).</summary>
    public static ulong Permute(ulong a, ulong b, ulong selector)
    {
        ulong bytes = ((b & 0xffffffff) << 32) | (a & 0xffffffff);
        uint result = 0;
        for (int i = 0; i < 4; i++)
        {
            int pick = (int)(selector >> (4 * i)) & 15;
            uint value = (byte)(bytes >> (8 * (pick & 7)));
            if ((pick & 8) != 0)
            {
                value = (value & 0x80) != 0 ? 0xffu : 0;
            }

            result |= value << (8 * i);
        }

        return result;
    }

    /// <summary>Bits of a value from a position on (bfe).</summary>
    public static Func<ulong, ulong, ulong, ulong>? Extract(string type) => type switch
    {
        "u32" => (a, position, length) => Unsigned((uint)a, (byte)position, (byte)length),
        "u64" => (a, position, length) => Unsigned(a, (byte)position, (byte)length),
        "s32" => (a, position, length) => (uint)Signed((int)a, (byte)position, (byte)length, 31),
        "s64" => (a, position, length) => (ulong)Signed((long)a, (byte)position, (byte)length, 63),
        _ => null,
    };

    /// <summary>Puts the low bits of a value into another one (bfi).</summary>
    public static Func<ulong, ulong, ulong, ulong, ulong>? Insert(string type)
    {
        int width = type == "b32" ? 32 : 64;
        return type is "b32" or "b64"
            ? (a, b, position, length) =>
            {
                int at = (byte)position;
                int count = Math.Min((byte)length, width - Math.Min(at, width));
                ulong mask = count <= 0 ? 0 : count == 64 ? ulong.MaxValue : ((1ul << count) - 1) << at;
                ulong moved = at >= 64 ? 0 : a << at;
                ulong result = (b & ~mask) | (moved & mask);
                return width == 32 ? (uint)result : result;
            }
            : null;
    }

    /// <summary>The position of the highest bit that differs from the sign (bfind).</summary>
    public static Func<ulong, ulong>? Find(string type, bool shiftAmount)
    {
        int width = type[1..] == "32" ? 32 : 64;
        bool signed = type[0] == 's';
        return a =>
        {
            long value = width == 32 ? signed ? (int)a : (uint)a : (long)a;
            ulong magnitude = signed && value < 0 ? ~(ulong)value : (ulong)value;
            if (magnitude == 0)
            {
                return uint.MaxValue;
            }

            int position = 63 - BitOperations.LeadingZeroCount(magnitude);
            return (uint)(shiftAmount ? width - 1 - position : position);
        };
    }

    /// <summary>Any function of three bits by its table (lop3).</summary>
    public static ulong Lookup(ulong a, ulong b, ulong c, ulong table)
    {
        uint result = 0;
        for (int i = 0; i < 8; i++)
        {
            if (((table >> i) & 1) != 0)
            {
                uint x = (i & 4) != 0 ? (uint)a : ~(uint)a;
                uint y = (i & 2) != 0 ? (uint)b : ~(uint)b;
                uint z = (i & 1) != 0 ? (uint)c : ~(uint)c;
                result |= x & y & z;
            }
        }

        return result;
    }

    /// <summary>Shifts {b, a} and takes one half (shf).</summary>
    public static Func<ulong, ulong, ulong, ulong> Funnel(bool left, bool wrap) => (a, b, c) =>
    {
        int amount = wrap ? (int)(c & 31) : (int)Math.Min((uint)c, 32);
        ulong both = ((b & 0xffffffff) << 32) | (a & 0xffffffff);
        return left ? (uint)(both << amount >> 32) : (uint)(both >> amount);
    };

    /// <summary>Compares two integers.</summary>
    public static Func<ulong, ulong, bool>? Compare(string relation, string type) => type switch
    {
        "b16" or "u16" => CompareOf<ushort>(relation),
        "s16" => CompareOf<short>(relation),
        "b32" or "u32" => CompareOf<uint>(relation),
        "s32" => CompareOf<int>(relation),
        "b64" or "u64" => CompareOf<ulong>(relation),
        "s64" => CompareOf<long>(relation),
        _ => null,
    };

    private static ulong Unsigned(ulong a, int position, int length)
    {
        ulong shifted = position >= 64 ? 0 : a >> position;
        return length >= 64 ? shifted : shifted & ((1ul << length) - 1);
    }

    // Beyond the top bit the sign goes on; an empty field is zero.
    private static long Signed(long a, int position, int length, int top)
    {
        if (length == 0)
        {
            return 0;
        }

        long shifted = a >> Math.Min(position, top);
        return length >= 64 ? shifted : shifted << (64 - length) >> (64 - length);
    }

    private static ulong Reverse(ulong a)
    {
        ulong result = 0;
        for (int i = 0; i < 64; i++)
        {
            result |= ((a >> i) & 1) << (63 - i);
        }

        return result;
    }

    private static Func<ulong, ulong, ulong>? Halves(Func<ulong, ulong, ulong>? half) =>
        half is null ? null : (a, b) => half(a & 0xffff, b & 0xffff) | (half(a >> 16, b >> 16) << 16);

    private static Func<ulong, ulong, ulong>? Predicate(string name) => name switch
    {
        "and" => (a, b) => a & b,
        "or" => (a, b) => a | b,
        "xor" => (a, b) => a ^ b,
        _ => null,
    };

    private static Func<ulong, ulong, bool>? CompareOf<T>(string relation)
        where T : unmanaged, IBinaryInteger<T> => relation switch
        {
            "eq" => (a, b) => Bits.As<T>(a) == Bits.As<T>(b),
            "ne" => (a, b) => Bits.As<T>(a) != Bits.As<T>(b),
            "lt" or "lo" => (a, b) => Bits.As<T>(a) < Bits.As<T>(b),
            "le" or "ls" => (a, b) => Bits.As<T>(a) <= Bits.As<T>(b),
            "gt" or "hi" => (a, b) => Bits.As<T>(a) > Bits.As<T>(b),
            "ge" or "hs" => (a, b) => Bits.As<T>(a) >= Bits.As<T>(b),
            _ => null,
        };

    private static unsafe Func<ulong, ulong, ulong>? Of<T>(string name)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        int width = sizeof(T) * 8;
        return name switch
        {
            "add" => (a, b) => Bits.Of(Bits.As<T>(a) + Bits.As<T>(b)),
            "sub" => (a, b) => Bits.Of(Bits.As<T>(a) - Bits.As<T>(b)),
            "mul" => (a, b) => Bits.Of(Bits.As<T>(a) * Bits.As<T>(b)),
            "min" => (a, b) => Bits.Of(T.Min(Bits.As<T>(a), Bits.As<T>(b))),
            "max" => (a, b) => Bits.Of(T.Max(Bits.As<T>(a), Bits.As<T>(b))),
            "and" => (a, b) => Bits.Of(Bits.As<T>(a) & Bits.As<T>(b)),
            "or" => (a, b) => Bits.Of(Bits.As<T>(a) | Bits.As<T>(b)),
            "xor" => (a, b) => Bits.Of(Bits.As<T>(a) ^ Bits.As<T>(b)),
            "shl" => (a, b) => Bits.Of((uint)b >= width ? T.Zero : Bits.As<T>(a) << (int)b),
            "shr" => (a, b) => Bits.Of(Bits.As<T>(a) >> (int)Math.Min((uint)b, (uint)(width - 1)) >> ((uint)b >= width ? 1 : 0)),
            "div" => (a, b) => Bits.Of(Divide(Bits.As<T>(a), Bits.As<T>(b))),
            "rem" => (a, b) => Bits.Of(Remainder(Bits.As<T>(a), Bits.As<T>(b))),
            _ => null,
        };
    }

    // The hardware does not trap: a division by zero gives some value, and the least value divided by -1 is itself.
    private static T Divide<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        T.IsZero(b) ? T.AllBitsSet : a == T.MinValue && b == T.AllBitsSet && T.IsNegative(b) ? a : a / b;

    private static T Remainder<T>(T a, T b)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T> =>
        T.IsZero(b) ? a : b == T.AllBitsSet && T.IsNegative(b) ? T.Zero : a % b;
}
