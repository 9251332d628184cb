using Dlc.Codegen.Ptx;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Dlc.Runtime.Format;
using LaunchStep = Dlc.IR.Kernels.LaunchStep;

namespace Dlc.Compiler.Emit;

/// <summary>PTX of kernels: with 32-bit indices where the sizes of a run allow it, and with 64-bit ones.</summary>
public sealed class GpuKernelCode : KernelCode
{
    private readonly Dictionary<string, PtxKernel> _kernels;

    public GpuKernelCode(IReadOnlyList<Kernel> kernels, PtxImage image)
    {
        Bytes = image.Bytes;
        _kernels = kernels.Zip(image.Kernels).ToDictionary(e => e.First.StructuralKey, e => e.Second);
    }

    internal override ReadOnlyMemory<byte> Bytes { get; }

    internal override KernelVariant[] Variants(LaunchStep launch, SlotTable slots)
    {
        var kernel = _kernels[launch.Kernel.StructuralKey];
        var context = launch.WorkItems.Context;
        var sizes = launch.Dims.Append(launch.WorkItems).Concat(launch.Buffers.Select(b => b.Type.Shape.ElementCount(context))).Distinct().ToList();
        KernelVariant Variant(PtxCode code, int predicate) => new()
        {
            CodeOffset = code.Offset,
            Name = launch.Kernel.Name,
            PredicateSlot = predicate,
            ExtentSlot = launch.WorkItems.Is(1) ? -1 : slots.Slot(launch.WorkItems),
            ScratchSlot = launch.ScratchBytes.Is(0) ? -1 : slots.Slot(launch.ScratchBytes),
            Gpu = new GpuLaunch(code.Entry, kernel.BlockThreads, kernel.ItemsPerBlock, kernel.MaximumBlocks, code.SharedBytes),
        };

        var isSmall = AreBelow(sizes, PtxKernel.NarrowLimit, context);
        return isSmall.IsConstant
            ? [Variant(isSmall.Is(0) ? kernel.Wide : kernel.Narrow, -1)]
            : [Variant(kernel.Narrow, slots.Slot(isSmall)), Variant(kernel.Wide, -1)];
    }

    /// <summary>A dim that is 0 unless all sizes are below the limit.</summary>
    private static Dim AreBelow(List<Dim> sizes, long limit, DimContext context)
    {
        if (sizes.Any(s => s.IsConstant && s.Constant >= limit))
        {
            return context.Zero;
        }

        var unknown = sizes.Where(s => !s.IsConstant).ToList();
        return unknown.Count == 0 ? context.One : context.Const(limit - 1).FloorDiv(unknown.Aggregate(context.One, (most, size) => most.Max(size)));
    }
}
