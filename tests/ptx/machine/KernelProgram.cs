using Dlc.Ptx.Text;

namespace Dlc.Ptx.Machine;

/// <summary>A kernel ready to run; functions that it calls are parts of it.</summary>
internal sealed class KernelProgram
{
    /// <summary>The text that it was made of.</summary>
    public required PtxFunction Function { get; init; }

    /// <summary>The instructions; the last one ends every lane.</summary>
    public required Operation[] Operations { get; init; }

    /// <summary>Who runs each of them.</summary>
    public required OperationForm[] Forms { get; init; }

    /// <summary>Slots of registers, constants and special registers.</summary>
    public required int Slots { get; init; }

    /// <summary>Slots that hold the same number for all lanes.</summary>
    public required IReadOnlyList<(int Slot, ulong Value)> Constants { get; init; }

    /// <summary>Slots that hold special registers, by name such as %tid.x.</summary>
    public required IReadOnlyList<(int Slot, string Name)> Specials { get; init; }

    /// <summary>Bytes of local memory a thread.</summary>
    public required int LocalBytes { get; init; }

    /// <summary>Shared variables of known size.</summary>
    public required IReadOnlyList<(long Start, long End, string Name)> SharedParts { get; init; }

    /// <summary>Bytes of shared variables, without what the interpreter leaves between them.</summary>
    public required long SharedBytes { get; init; }

    /// <summary>Where dynamic shared memory starts.</summary>
    public required int DynamicShared { get; init; }

    /// <summary>Whether the kernel has dynamic shared memory.</summary>
    public required bool HasDynamicShared { get; init; }

    /// <summary>The logarithm of the smallest access's bytes in global memory: what races are found between.</summary>
    public required int GlobalGranuleShift { get; init; }

    /// <summary>The same for shared memory.</summary>
    public required int SharedGranuleShift { get; init; }
}
