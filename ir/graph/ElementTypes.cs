namespace Dlc.IR;

/// <summary>What is true of each <see cref="ElementType"/>.</summary>
public static class ElementTypes
{
    /// <summary>Bytes that one element takes in memory; a bool takes one.</summary>
    public static int Bytes(this ElementType type) => type switch
    {
        ElementType.Bool or ElementType.Int8 or ElementType.UInt8 => 1,
        ElementType.Int16 or ElementType.UInt16 or ElementType.Float16 or ElementType.BFloat16 => 2,
        ElementType.Int32 or ElementType.UInt32 or ElementType.Float32 => 4,
        ElementType.Int64 or ElementType.UInt64 or ElementType.Float64 => 8,
        _ => throw new InvalidOperationException($"unknown element type {type}"),
    };

    public static bool IsFloat(this ElementType type) => type >= ElementType.Float16;

    public static bool IsInteger(this ElementType type) => type is >= ElementType.Int8 and <= ElementType.UInt64;

    public static bool IsUnsigned(this ElementType type) => type is >= ElementType.UInt8 and <= ElementType.UInt64;

    public static bool IsSigned(this ElementType type) => type is >= ElementType.Int8 and <= ElementType.Int64;

    /// <summary>The name in the text form: <c>f32</c>, <c>i64</c>, <c>bool</c>, ...</summary>
    public static string ShortName(this ElementType type) => type switch
    {
        ElementType.Bool => "bool",
        ElementType.Int8 => "i8",
        ElementType.Int16 => "i16",
        ElementType.Int32 => "i32",
        ElementType.Int64 => "i64",
        ElementType.UInt8 => "u8",
        ElementType.UInt16 => "u16",
        ElementType.UInt32 => "u32",
        ElementType.UInt64 => "u64",
        ElementType.Float16 => "f16",
        ElementType.BFloat16 => "bf16",
        ElementType.Float32 => "f32",
        ElementType.Float64 => "f64",
        _ => throw new InvalidOperationException($"unknown element type {type}"),
    };
}
