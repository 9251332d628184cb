namespace Dlc.Runtime.Format;

/// <summary>Instruction sets of x86-64 that compiled code may need. The bit numbers are part of the file format.</summary>
[Flags]
public enum CpuFeatures : ulong
{
    None = 0,
    Sse42 = 1UL << 0,
    Avx = 1UL << 1,
    Avx2 = 1UL << 2,
    Fma = 1UL << 3,
    F16c = 1UL << 4,
    Bmi1 = 1UL << 5,
    Bmi2 = 1UL << 6,
    Lzcnt = 1UL << 7,
    Movbe = 1UL << 8,
    Popcnt = 1UL << 9,
    Avx512F = 1UL << 10,
    Avx512BW = 1UL << 11,
    Avx512CD = 1UL << 12,
    Avx512DQ = 1UL << 13,
    Avx512VL = 1UL << 14,
    Avx512Vnni = 1UL << 15,
    Avx512Bf16 = 1UL << 16,
    Avx512Fp16 = 1UL << 17,
    Avx512Vbmi = 1UL << 18,
    Avx512Vbmi2 = 1UL << 19,
    AvxVnni = 1UL << 20,
    AmxTile = 1UL << 21,
    AmxBf16 = 1UL << 22,
    AmxInt8 = 1UL << 23,
    Avx512Bitalg = 1UL << 24,
    Avx512Vpopcntdq = 1UL << 25,
    Avx512Ifma = 1UL << 26,

    /// <summary>The psABI level x86-64-v3.</summary>
    V3 = Sse42 | Avx | Avx2 | Fma | F16c | Bmi1 | Bmi2 | Lzcnt | Movbe | Popcnt,

    /// <summary>The psABI level x86-64-v4.</summary>
    V4 = V3 | Avx512F | Avx512BW | Avx512CD | Avx512DQ | Avx512VL,
}
