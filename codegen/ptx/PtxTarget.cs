using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>An NVIDIA GPU to compile for. The PTX version is one that drivers from CUDA 11.8 on take.</summary>
public sealed record PtxTarget
{
    private PtxTarget(int capability) => Machine = new MachineModel
    {
        Name = $"cuda:sm_{capability}",
        VectorBytes = 16,
        VectorRegisters = 255,
        TileRows = 8,
        TileColumns = 8,
        RowTileColumns = 8,
        L1Bytes = 128 << 10,
        L2Bytes = 40 << 20,
        Gpu = new GpuModel { Capability = capability },
    };

    /// <summary>The LLVM target triple of GPUs.</summary>
    public const string Triple = "nvptx64-nvidia-cuda";

    /// <summary>A100 and later GPUs.</summary>
    public static PtxTarget Sm80 { get; } = new(80);

    /// <summary>H100, H200 and later GPUs.</summary>
    public static PtxTarget Sm90 { get; } = new(90);

    /// <summary>What passes see.</summary>
    public MachineModel Machine { get; private init; }

    /// <summary>Name that the user types and that artifacts record: <c>cuda:sm_80</c>.</summary>
    public string Name => Machine.Name;

    /// <summary>Compute capability times ten.</summary>
    public int Capability => Machine.Gpu!.Capability;

    /// <summary>LLVM's processor name.</summary>
    public string Processor => $"sm_{Capability}";

    /// <summary>LLVM's feature string: PTX 7.8.</summary>
    public string Features => "+ptx78";

    /// <summary>The same GPU with f32 products on tensor cores, their operands rounded to tf32.</summary>
    public PtxTarget WithTf32() => this with { Machine = Machine with { Gpu = Machine.Gpu! with { AllowTf32 = true } } };

    /// <summary>The target called <paramref name="name"/>: <c>sm_80</c> or <c>sm_90</c>, with <c>+tf32</c> behind it or without.</summary>
    /// <exception cref="ArgumentException">No target has that name.</exception>
    public static PtxTarget Parse(string name) => name switch
    {
        "sm_80" => Sm80,
        "sm_90" => Sm90,
        "sm_80+tf32" => Sm80.WithTf32(),
        "sm_90+tf32" => Sm90.WithTf32(),
        _ => throw new ArgumentException($"unknown GPU target '{name}': expected sm_80 or sm_90, or one of them with +tf32", nameof(name)),
    };

    /// <inheritdoc/>
    public override string ToString() => Name;
}
