using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>What an op that writes its own kernels sees.</summary>
public abstract class LoopContext
{
    public abstract DimContext Dims { get; }

    public abstract Facts Facts { get; }

    public abstract MachineModel Machine { get; }

    public abstract IndexMath Math { get; }

    public abstract int InputCount { get; }

    public abstract int OutputCount { get; }

    public abstract TensorType InputType(int input);

    public abstract TensorType OutputType(int output);

    public abstract KernelBuilder NewKernel(string name);

    /// <summary>Declares an input tensor (row-major) as a read parameter of the kernel.</summary>
    public abstract KernelBuffer Input(KernelBuilder kernel, int input);

    /// <summary>Declares an output tensor as a written parameter of the kernel; reading back what was stored is allowed.</summary>
    public abstract KernelBuffer Output(KernelBuilder kernel, int output);

    /// <summary>A tensor that lives between the launches of this op; its content starts undefined.</summary>
    public abstract int Temporary(ElementType element, Shape shape);

    /// <summary>Declares a temporary as a parameter of the kernel.</summary>
    public abstract KernelBuffer Use(KernelBuilder kernel, int temporary, bool isWritten);

    /// <summary>
    /// Seals the kernel and runs it after the ones before. <paramref name="workPerItem"/> estimates scalar operations per work item, from which the
    /// runtime decides how many items one thread takes at a time.
    /// </summary>
    public abstract void Launch(KernelBuilder kernel, Dim workPerItem);
}
