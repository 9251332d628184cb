using Dlc.IR.Kernels;
using Dlc.Runtime.Format;
using LaunchStep = Dlc.IR.Kernels.LaunchStep;

namespace Dlc.Compiler.Emit;

/// <summary>The compiled kernels of a program, for one kind of machine.</summary>
public abstract class KernelCode
{
    /// <summary>The executable's code section.</summary>
    internal abstract ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The ways to run a kernel, of which the runtime takes the first whose predicate holds.</summary>
    internal abstract KernelVariant[] Variants(LaunchStep launch, SlotTable slots);
}
