using System.Runtime.Intrinsics.X86;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// An x86-64 processor to compile for: the machine model that passes see, and the names LLVM wants.
/// Sources of the levels: the x86-64 psABI micro-architecture levels v3 and v4.
/// </summary>
public sealed record CpuTarget
{
    private CpuTarget(MachineModel machine, string cpu, string features, bool avx512)
    {
        Machine = machine;
        Cpu = cpu;
        Features = features;
        HasAvx512 = avx512;
    }

    /// <summary>The LLVM target triple of every CPU target: position-independent ELF objects.</summary>
    public const string Triple = "x86_64-unknown-linux-gnu";

    /// <summary>AVX2, FMA and F16C: 16 registers of 32 bytes.</summary>
    public static CpuTarget V3 { get; } = new(
        new MachineModel
        {
            Name = "x86-64-v3",
            VectorBytes = 32,
            VectorRegisters = 16,
            TileRows = 6,
            TileColumns = 16,
            RowTileColumns = 64,
            L1Bytes = 32 << 10,
            L2Bytes = 256 << 10,
        },
        "x86-64-v3",
        "",
        avx512: false);

    /// <summary>AVX-512 F, BW, CD, DQ and VL: 32 registers of 64 bytes.</summary>
    public static CpuTarget V4 { get; } = new(
        new MachineModel
        {
            Name = "x86-64-v4",
            VectorBytes = 64,
            VectorRegisters = 32,
            TileRows = 8,
            TileColumns = 48,
            RowTileColumns = 64,
            L1Bytes = 32 << 10,
            L2Bytes = 1 << 20,
        },
        "x86-64-v4",
        // The level itself asks LLVM to prefer 256-bit vectors; our kernels choose their width themselves.
        "-prefer-256-bit",
        avx512: true);

    /// <summary>Registers, tiles and caches, for the passes.</summary>
    public MachineModel Machine { get; }

    /// <summary>Name that the user types and that artifacts record.</summary>
    public string Name => Machine.Name;

    /// <summary>LLVM's processor name.</summary>
    public string Cpu { get; }

    /// <summary>LLVM's feature string, e.g. <c>+avx512bf16,-prefer-256-bit</c>.</summary>
    public string Features { get; }

    /// <summary>Whether 64-byte vectors, mask registers and <c>vscalef</c> may be used.</summary>
    public bool HasAvx512 { get; }

    /// <summary>
    /// The best level that the processor we run on has.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">The processor lacks AVX2, FMA or F16C.</exception>
    public static CpuTarget Native()
    {
        if (!X86Base.IsSupported || !Avx2.IsSupported || !Fma.IsSupported || !HasF16C())
        {
            throw new PlatformNotSupportedException("dlc needs an x86-64 processor with AVX2, FMA and F16C (level x86-64-v3)");
        }

        CpuTarget level = HasAvx512Level() ? V4 : V3;
        return level;
    }

    /// <summary>The target called <paramref name="name"/>: <c>x86-64-v3</c>, <c>x86-64-v4</c> or <c>native</c>.</summary>
    /// <exception cref="ArgumentException">No target has that name.</exception>
    public static CpuTarget Parse(string name) => name switch
    {
        "x86-64-v3" => V3,
        "x86-64-v4" => V4,
        "native" => Native(),
        _ => throw new ArgumentException($"unknown CPU target '{name}': expected x86-64-v3, x86-64-v4 or native", nameof(name)),
    };

    /// <summary>Whether code for this target runs on the processor we run on.</summary>
    public bool RunsHere() =>
        X86Base.IsSupported && Avx2.IsSupported && Fma.IsSupported && HasF16C() && (!HasAvx512 || HasAvx512Level());

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static bool HasAvx512Level() =>
        Avx512F.IsSupported && Avx512BW.IsSupported && Avx512CD.IsSupported && Avx512DQ.IsSupported && Avx512F.VL.IsSupported;

    private static bool HasF16C()
    {
        (_, _, int ecx, _) = X86Base.CpuId(1, 0);
        return (ecx >> 29 & 1) != 0;
    }
}
