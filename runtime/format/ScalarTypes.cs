namespace Dlc.Runtime.Format;

/// <summary>Facts of <see cref="ScalarType"/>: sizes in bytes, names, and the C# type of an element.</summary>
public static class ScalarTypes
{
    /// <summary>Bytes of one element; 0 for a number that is no scalar type.</summary>
    public static int SizeOf(this ScalarType type) => type switch
    {
        ScalarType.I8 or ScalarType.U8 or ScalarType.Bool or ScalarType.I4 or ScalarType.U4 or ScalarType.F4E2M1
            or ScalarType.F8E4M3FN or ScalarType.F8E4M3FNUZ or ScalarType.F8E5M2 or ScalarType.F8E5M2FNUZ or ScalarType.F8E8M0 => 1,
        ScalarType.F16 or ScalarType.BF16 or ScalarType.I16 or ScalarType.U16 => 2,
        ScalarType.F32 or ScalarType.I32 or ScalarType.U32 => 4,
        ScalarType.F64 or ScalarType.I64 or ScalarType.U64 or ScalarType.Complex64 => 8,
        ScalarType.Complex128 => 16,
        _ => 0,
    };

    /// <summary>The lower-case name used in messages: <c>f32</c>, <c>bool</c>, <c>f8e4m3fn</c>.</summary>
    public static string Name(this ScalarType type) => type switch
    {
        ScalarType.F32 => "f32",
        ScalarType.F64 => "f64",
        ScalarType.F16 => "f16",
        ScalarType.BF16 => "bf16",
        ScalarType.I8 => "i8",
        ScalarType.I16 => "i16",
        ScalarType.I32 => "i32",
        ScalarType.I64 => "i64",
        ScalarType.U8 => "u8",
        ScalarType.U16 => "u16",
        ScalarType.U32 => "u32",
        ScalarType.U64 => "u64",
        ScalarType.Bool => "bool",
        ScalarType.Complex64 => "complex64",
        ScalarType.Complex128 => "complex128",
        ScalarType.F8E4M3FN => "f8e4m3fn",
        ScalarType.F8E4M3FNUZ => "f8e4m3fnuz",
        ScalarType.F8E5M2 => "f8e5m2",
        ScalarType.F8E5M2FNUZ => "f8e5m2fnuz",
        ScalarType.F8E8M0 => "f8e8m0",
        ScalarType.I4 => "i4",
        ScalarType.U4 => "u4",
        ScalarType.F4E2M1 => "f4e2m1",
        _ => "invalid",
    };

    /// <summary>Whether elements of <typeparamref name="T"/> have the layout of <paramref name="type"/>.</summary>
    /// <remarks>
    /// bf16 is accepted as <see cref="ushort"/> (the BCL has no bf16), bool as <see cref="bool"/> or <see cref="byte"/>, and every type
    /// of one byte that C# lacks as <see cref="byte"/>.
    /// </remarks>
    public static bool Accepts<T>(this ScalarType type)
        where T : unmanaged => type switch
        {
            ScalarType.F32 => typeof(T) == typeof(float),
            ScalarType.F64 => typeof(T) == typeof(double),
            ScalarType.F16 => typeof(T) == typeof(Half),
            ScalarType.BF16 => typeof(T) == typeof(ushort),
            ScalarType.I8 or ScalarType.I4 => typeof(T) == typeof(sbyte),
            ScalarType.I16 => typeof(T) == typeof(short),
            ScalarType.I32 => typeof(T) == typeof(int),
            ScalarType.I64 => typeof(T) == typeof(long),
            ScalarType.U16 => typeof(T) == typeof(ushort),
            ScalarType.U32 => typeof(T) == typeof(uint),
            ScalarType.U64 => typeof(T) == typeof(ulong),
            ScalarType.Bool => typeof(T) == typeof(bool) || typeof(T) == typeof(byte),
            ScalarType.Complex128 => typeof(T) == typeof(System.Numerics.Complex),
            ScalarType.Complex64 => typeof(T) == typeof(System.Numerics.Vector2),
            _ => type.SizeOf() == 1 && typeof(T) == typeof(byte),
        };

    /// <summary>The scalar type that <typeparamref name="T"/> stands for by itself; Invalid where there is none.</summary>
    public static ScalarType Of<T>()
        where T : unmanaged
    {
        for (var t = ScalarType.F32; t <= ScalarType.F4E2M1; t++)
        {
            // ushort means u16 and byte means u8, although both may also carry other types of their size.
            if (t is not ScalarType.BF16 && t.Accepts<T>() && !(typeof(T) == typeof(byte) && t != ScalarType.U8))
            {
                return t;
            }
        }

        return ScalarType.Invalid;
    }
}
