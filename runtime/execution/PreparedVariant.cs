using Dlc.Runtime.Format;

namespace Dlc.Runtime.Execution;

/// <summary>A kernel's entry point and the slots that say when and how to call it (-1 for none).</summary>
/// <param name="Gpu">How it is launched on a GPU, or null.</param>
/// <param name="Dims">Slots of the dims that it takes, or null for those of the launch.</param>
internal readonly record struct PreparedVariant(nint Entry, int PredicateSlot, int ExtentSlot, int GrainSlot, int ScratchSlot, GpuLaunch? Gpu, int[]? Dims);
