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
        var context = launch.WorkItems.Context;
        var counts = launch.Buffers.Select(b => b.Type.Shape.ElementCount(context)).ToList();
        var variants = new List<KernelVariant>();

        // Alternatives serve small sizes; what is too large for narrow indices is left to the kernel for all.
        foreach (var other in launch.Alternatives)
        {
            var when = other.When * AreBelow([.. counts, .. other.Kernel.DimParameters, other.WorkItems], PtxKernel.NarrowLimit, context);
            if (!when.Is(0))
            {
                variants.Add(Variant(launch, other.Kernel, _kernels[other.Kernel.StructuralKey].Narrow, when, other.WorkItems, slots));
            }

            if (when.IsConstant && !when.Is(0))
            {
                return [.. variants];
            }
        }

        var kernel = _kernels[launch.Kernel.StructuralKey];
        var isSmall = AreBelow([.. counts, .. launch.Dims, launch.WorkItems], PtxKernel.NarrowLimit, context);
        if (!isSmall.Is(0))
        {
            variants.Add(Variant(launch, launch.Kernel, kernel.Narrow, isSmall, launch.WorkItems, slots));
        }

        if (!isSmall.IsConstant || isSmall.Is(0))
        {
            variants.Add(Variant(launch, launch.Kernel, kernel.Wide!, context.One, launch.WorkItems, slots));
        }

        return [.. variants];
    }

    private KernelVariant Variant(LaunchStep launch, Kernel kernel, PtxCode code, Dim when, Dim workItems, SlotTable slots)
    {
        var shape = _kernels[kernel.StructuralKey];
        return new KernelVariant
        {
            CodeOffset = code.Offset,
            Name = kernel.Name,
            PredicateSlot = when.IsConstant ? -1 : slots.Slot(when),
            ExtentSlot = workItems.Is(1) ? -1 : slots.Slot(workItems),
            ScratchSlot = kernel.Scratch.Count == 0 || launch.ScratchBytes.Is(0) ? -1 : slots.Slot(launch.ScratchBytes),
            Dims = ReferenceEquals(kernel, launch.Kernel) ? null : [.. kernel.DimParameters.Select(slots.Slot)],
            Gpu = new GpuLaunch(code.Entry, shape.BlockThreads, shape.ItemsPerBlock, shape.MaximumBlocks, code.SharedBytes),
        };
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
