namespace Dlc.Ptx.Semantics;

/// <summary>Integers of any width in a register.</summary>
internal static class PtxIntegers
{
    /// <summary>Whether <paramref name="type"/> is an integer or bit type.</summary>
    public static bool IsInteger(string type) => type is
        "u8" or "s8" or "b8" or "u16" or "s16" or "b16" or "u32" or "s32" or "b32" or "u64" or "s64" or "b64";

    /// <summary>Bits of an integer type.</summary>
    public static int Width(string type) => int.Parse(type.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The low <paramref name="width"/> bits with their sign.</summary>
    public static long Signed(ulong register, int width) => (long)(register << (64 - width)) >> (64 - width);

    /// <summary>The low <paramref name="width"/> bits.</summary>
    public static ulong Unsigned(ulong register, int width) => register << (64 - width) >> (64 - width);
}
