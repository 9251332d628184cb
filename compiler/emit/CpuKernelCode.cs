using Dlc.Codegen.Image;
using Dlc.IR.Kernels;
using Dlc.Runtime.Format;
using LaunchStep = Dlc.IR.Kernels.LaunchStep;

namespace Dlc.Compiler.Emit;

/// <summary>Machine code of kernels.</summary>
public sealed class CpuKernelCode : KernelCode
{
    /// <summary>Scalar operations that are worth handing to another thread: some ten microseconds of work.</summary>
    private const long WorthwhileWork = 1 << 16;

    private readonly Dictionary<string, int> _entries;

    public CpuKernelCode(IReadOnlyList<Kernel> kernels, CodeImage image)
    {
        Bytes = image.Bytes;
        _entries = kernels.Zip(image.Entries).ToDictionary(e => e.First.StructuralKey, e => e.Second);
    }

    internal override ReadOnlyMemory<byte> Bytes { get; }

    internal override KernelVariant[] Variants(LaunchStep launch, SlotTable slots)
    {
        var grain = launch.WorkPerItem.Context.Const(WorthwhileWork).CeilDiv(launch.WorkPerItem.Max(1));
        return
        [
            new KernelVariant
            {
                CodeOffset = _entries[launch.Kernel.StructuralKey],
                Name = launch.Kernel.Name,
                ExtentSlot = launch.WorkItems.Is(1) ? -1 : slots.Slot(launch.WorkItems),
                GrainSlot = grain.Is(1) ? -1 : slots.Slot(grain),
                ScratchSlot = launch.ScratchBytes.Is(0) ? -1 : slots.Slot(launch.ScratchBytes),
            },
        ];
    }
}
