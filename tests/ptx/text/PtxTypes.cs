namespace Dlc.Ptx.Text;

/// <summary>Facts about PTX's fundamental types.</summary>
internal static class PtxTypes
{
    /// <summary>Bytes of a value of <paramref name="type"/> (without its dot); 0 when it is no type.</summary>
    public static int Bytes(string type) => type switch
    {
        "b8" or "u8" or "s8" => 1,
        "b16" or "u16" or "s16" or "f16" or "bf16" or "e4m3x2" or "e5m2x2" => 2,
        "b32" or "u32" or "s32" or "f32" or "f16x2" or "bf16x2" or "tf32" or "u16x2" or "s16x2" => 4,
        "b64" or "u64" or "s64" or "f64" => 8,
        "b128" => 16,
        "pred" => 1,
        _ => 0,
    };

    /// <summary>Whether values of <paramref name="type"/> are extended by their sign.</summary>
    public static bool IsSigned(string type) => type[0] == 's';
}
