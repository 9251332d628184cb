using Dlc.Codegen.Ptx;
using Dlc.Codegen.X86;
using Dlc.IR.Kernels;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Driver;

/// <summary>The machine that is compiled for: a processor or a GPU.</summary>
public sealed record CompileTarget
{
    private CompileTarget(MachineModel machine) => Machine = machine;

    /// <summary>What passes see.</summary>
    public MachineModel Machine { get; }

    /// <summary>The processor, or null.</summary>
    public CpuTarget? Cpu { get; private init; }

    /// <summary>The GPU, or null.</summary>
    public PtxTarget? Gpu { get; private init; }

    /// <summary>Name that artifacts record.</summary>
    public string Name => Machine.Name;

    /// <summary>What the runtime checks.</summary>
    public TargetInfo Info => Cpu is { } cpu
        ? new TargetInfo("x86-64", cpu.Name, cpu.HasAvx512 ? CpuFeatures.V4 : CpuFeatures.V3)
        : new TargetInfo(TargetInfo.Cuda, Name, CpuFeatures.None);

    public static CompileTarget Of(CpuTarget target) => new(target.Machine) { Cpu = target };

    public static CompileTarget Of(PtxTarget target) => new(target.Machine) { Gpu = target };
}
