namespace Dlc.Runtime.Format;

/// <summary>
/// One compiled version of a kernel. The launch takes the first variant whose predicate slot is not 0; the last has no predicate.
/// </summary>
public sealed class KernelVariant
{
    /// <summary>Byte offset in <see cref="ExecutableModel.Code"/> of the entry point, or of the text of GPU code.</summary>
    public required long CodeOffset { get; init; }

    /// <summary>For traces.</summary>
    public required string Name { get; init; }

    /// <summary>Slot that says whether this variant may run (not 0); -1 for always.</summary>
    public int PredicateSlot { get; init; } = -1;

    /// <summary>Slot with the number of work items; the kernel is called for ranges [begin, end) that cover [0, extent) once each.
    /// -1 for 1. An extent of 0 or less means that the kernel is not called.</summary>
    public int ExtentSlot { get; init; } = -1;

    /// <summary>Slot with the least number of work items worth a hand-over to another thread; -1 for 1.</summary>
    public int GrainSlot { get; init; } = -1;

    /// <summary>Slots whose numbers are passed to this variant, in its order; null for those of the launch.</summary>
    public int[]? Dims { get; init; }

    /// <summary>How it is launched on a GPU; null for machine code.</summary>
    public GpuLaunch? Gpu { get; init; }

    /// <summary>Slot with the bytes of scratch memory that each thread needs (64-byte aligned, not cleared); -1 for none.</summary>
    public int ScratchSlot { get; init; } = -1;
}
