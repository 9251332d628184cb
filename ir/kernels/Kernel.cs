using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>
/// A compiled unit: loops over explicit buffers. The host passes buffers in the order of <see cref="Parameters"/> and the values of
/// <see cref="DimParameters"/>; work items <c>[begin, end)</c> of <see cref="WorkItems"/> run in one call. Kernels with equal
/// <see cref="StructuralKey"/> are the same code whatever dims they are launched with.
/// </summary>
public sealed class Kernel
{
    internal Kernel(string name, ValueList<KernelBuffer> parameters, ValueList<Dim> dimParameters, ValueList<ScratchSlot> scratch,
        Dim scratchBytes, ForStmt body, ValueList<string> checks, string structuralKey)
    {
        Name = name;
        Parameters = parameters;
        DimParameters = dimParameters;
        Scratch = scratch;
        ScratchBytes = scratchBytes;
        Body = body;
        Checks = checks;
        StructuralKey = structuralKey;
    }

    /// <summary>A readable name; not unique.</summary>
    public string Name { get; }

    /// <summary>Buffer arguments in order.</summary>
    public ValueList<KernelBuffer> Parameters { get; }

    /// <summary>Dims that the host evaluates and passes as i64, in order of first use; every <see cref="DimExpr"/> is one of them.</summary>
    public ValueList<Dim> DimParameters { get; }

    /// <summary>Where each scratch buffer begins in a worker's scratch area.</summary>
    public ValueList<ScratchSlot> Scratch { get; }

    /// <summary>Bytes of scratch a worker needs.</summary>
    public Dim ScratchBytes { get; }

    /// <summary>The outermost loop: <see cref="LoopKind.Parallel"/>, from 0.</summary>
    public ForStmt Body { get; }

    /// <summary>Messages of <see cref="CheckStmt"/>s.</summary>
    public ValueList<string> Checks { get; }

    /// <summary>Equal for kernels that compile to the same code, whatever their names, messages and dims are called.</summary>
    public string StructuralKey { get; }

    /// <summary>
    /// Pairs of a parameter that is read and one that is written which may be the same memory: the code does not rely on their being apart.
    /// </summary>
    public ValueList<(int Input, int Output)> InPlace { get; private init; } = [];

    /// <summary>
    /// Threads of a GPU that run a work item together: 1, the 32 of a warp, or a block. Vector loops and tiles are spread over them; all else they do alike,
    /// and the first of them stores for all. Nothing on a CPU.
    /// </summary>
    public int ThreadsPerItem { get; internal init; } = 1;

    /// <summary>The number of work items.</summary>
    public Expr WorkItems => Body.End;

    /// <summary>The same kernel for buffers that may be the same memory.</summary>
    public Kernel WithInPlace(ValueList<(int Input, int Output)> pairs) => pairs.Count == 0 ? this
        : new Kernel(Name, Parameters, DimParameters, Scratch, ScratchBytes, Body, Checks,
            $"{StructuralKey}/in place {string.Join(' ', pairs.Select(p => $"{p.Input}>{p.Output}"))}")
        {
            InPlace = pairs,
            ThreadsPerItem = ThreadsPerItem,
        };

    public override string ToString() => KernelPrinter.Print(this);
}

/// <summary>A scratch buffer and its offset in bytes (a multiple of 64).</summary>
public sealed record ScratchSlot(KernelBuffer Buffer, Dim Offset);
