using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Codegen.Kernels;

/// <summary>What the code of a kernel sees at the place being emitted: what variables, buffers, dims and tiles stand for on a target.</summary>
internal abstract class KernelFrame<TVariable, TBuffer, TTile>
    where TVariable : class
    where TBuffer : struct
    where TTile : class
{
    private readonly Dictionary<Var, TVariable> variables = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<KernelBuffer, TBuffer> buffers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Dim, LLVMValueRef> dims = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tile, TTile> tiles = new(ReferenceEqualityComparer.Instance);
    private readonly LLVMBuilderRef entry;

    /// <param name="b">Emits the body.</param>
    /// <param name="entry">Appends to the entry block, where stack slots are made.</param>
    /// <param name="math">Functions of the module.</param>
    private protected KernelFrame(LaneBuilder b, LLVMBuilderRef entry, MathLibrary math)
    {
        Values = b;
        this.entry = entry;
        Arithmetic = new ArithmeticEmitter(b, math);
    }

    internal LaneBuilder Values { get; }

    internal ArithmeticEmitter Arithmetic { get; }

    /// <summary>A slot in the frame on the stack, made once a call.</summary>
    internal LLVMValueRef Alloca(LLVMTypeRef type, uint alignment = 0)
    {
        LLVMValueRef slot = entry.BuildAlloca(type);
        if (alignment != 0)
        {
            slot.SetAlignment(alignment);
        }

        return slot;
    }

    internal virtual void Bind(Var variable, TVariable binding) => variables[variable] = binding;

    internal virtual TVariable Lookup(Var variable) => variables.TryGetValue(variable, out TVariable? binding)
        ? binding
        : throw new InvalidOperationException($"variable {variable} has no value here");

    internal void Bind(KernelBuffer buffer, TBuffer binding) => buffers[buffer] = binding;

    internal TBuffer Lookup(KernelBuffer buffer) => buffers.TryGetValue(buffer, out TBuffer binding)
        ? binding
        : throw new InvalidOperationException($"buffer {buffer} is not allocated here");

    internal void Bind(Dim dim, LLVMValueRef value) => dims[dim] = value;

    internal LLVMValueRef Lookup(Dim dim) => dims.TryGetValue(dim, out LLVMValueRef value)
        ? value
        : dim.IsConstant ? Values.Constant(Values.I64, dim.Constant)
        : throw new InvalidOperationException($"dim '{dim}' is not a parameter of the kernel");

    internal void Bind(Tile tile, TTile binding) => tiles[tile] = binding;

    internal TTile Lookup(Tile tile) => tiles.TryGetValue(tile, out TTile? binding)
        ? binding
        : throw new InvalidOperationException($"tile t{tile.Id} is not declared here");

    /// <summary>The value of a literal or a dim, the same everywhere in the kernel; null for other expressions.</summary>
    internal LLVMValueRef? Fixed(Expr expr) => expr switch
    {
        IntLiteral literal => Values.Constant(ScalarTypes.InRegister(Values, literal.Type), literal.Value),
        FloatLiteral literal => Values.Constant(ScalarTypes.InRegister(Values, literal.Type), InterpreterScalar.Of(literal.Type, literal.Value).Float),
        DimExpr dim => Lookup(dim.Dim),
        _ => null,
    };
}
