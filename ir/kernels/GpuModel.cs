using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>What scheduling needs to know about a GPU besides the <see cref="MachineModel"/>.</summary>
public sealed record GpuModel
{
    /// <summary>Threads of a warp, which run in step and exchange registers.</summary>
    public const int WarpThreads = 32;

    /// <summary>Threads of the blocks that work on something together.</summary>
    public const int BlockThreads = 256;

    /// <summary>Bytes of shared memory that a block of any GPU that we compile for may have.</summary>
    public const int MostSharedBytes = 99 << 10;

    /// <summary>Threads for a row: a warp, or a block where it is known to be long.</summary>
    public static int ThreadsOfRow(Dim length)
    {
        const int longRow = 1024;
        return length is { IsConstant: true, Constant: > longRow } ? BlockThreads : WarpThreads;
    }

    /// <summary>Compute capability times ten: 80, 90.</summary>
    public required int Capability { get; init; }

    /// <summary>Whether f32 products may round their operands to tf32 (10 bits of fraction) and run on tensor cores.</summary>
    public bool AllowTf32 { get; init; }
}
