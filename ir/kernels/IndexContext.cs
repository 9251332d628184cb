using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>What an index function sees of the kernel that it is being inlined into.</summary>
public abstract class IndexContext
{
    /// <summary>The kernel under construction, for lets, local variables and loops around a pulled value.</summary>
    public abstract KernelBuilder Kernel { get; }

    /// <summary>Index arithmetic that knows the facts: splitting and joining of indices without division where it can be proved away.</summary>
    public abstract IndexMath Math { get; }

    public abstract int InputCount { get; }

    public abstract TensorType InputType(int input);

    public abstract TensorType OutputType { get; }

    /// <summary>Element of an input at an index (one i64 per axis, in range wherever the guard holds).</summary>
    public abstract Expr Input(int input, params Expr[] index);

    /// <summary>
    /// Element of an elementwise input at the output's index: missing leading axes are dropped, axes of extent 1 read 0, and an axis that
    /// may be 1 at run time reads 0 then.
    /// </summary>
    public abstract Expr Broadcast(int input, Expr[] index);

    /// <summary>
    /// A value computed with every load masked by <paramref name="condition"/>, and <paramref name="otherwise"/> where it fails.
    /// </summary>
    public abstract Expr Guarded(Expr condition, Func<Expr> value, Expr otherwise);

    /// <summary>Reports at run time when the condition fails; the caller makes the access safe besides.</summary>
    public abstract void Check(Expr condition, string message);

    public Expr Dim(Dim dim) => ExprFactory.Dim(dim);
}
