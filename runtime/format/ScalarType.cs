namespace Dlc.Runtime.Format;

/// <summary>Element type of a value. The numbers are part of the file format: never reuse or renumber one.</summary>
public enum ScalarType : byte
{
    Invalid = 0,
    F32 = 1,
    F64 = 2,
    F16 = 3,
    BF16 = 4,
    I8 = 5,
    I16 = 6,
    I32 = 7,
    I64 = 8,
    U8 = 9,
    U16 = 10,
    U32 = 11,
    U64 = 12,

    /// <summary>One byte an element, 0 or 1.</summary>
    Bool = 13,

    /// <summary>Two f32: real, imaginary.</summary>
    Complex64 = 14,

    /// <summary>Two f64: real, imaginary.</summary>
    Complex128 = 15,
    F8E4M3FN = 16,
    F8E4M3FNUZ = 17,
    F8E5M2 = 18,
    F8E5M2FNUZ = 19,
    F8E8M0 = 20,

    /// <summary>One element a byte, sign extended (not packed).</summary>
    I4 = 21,

    /// <summary>One element a byte (not packed).</summary>
    U4 = 22,

    /// <summary>One element a byte (not packed), in the low four bits.</summary>
    F4E2M1 = 23,
}
