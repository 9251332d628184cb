using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Codegen.Ptx;

/// <summary>What the code of one thread sees at the place being emitted: variables, buffers, dims, tiles.</summary>
internal sealed class PtxFrame
{
    /// <summary>Address spaces of NVPTX.</summary>
    internal const uint Global = 1, Shared = 3;

    private readonly Dictionary<KernelBuffer, LLVMValueRef> buffers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Dim, LLVMValueRef> dims = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tile, TileState> tiles = new(ReferenceEqualityComparer.Instance);
    private readonly LLVMBuilderRef entry;
    private Dictionary<Var, Binding> variables = new(ReferenceEqualityComparer.Instance);
    private Dictionary<Var, Binding>? own;

    /// <param name="b">Emits the body.</param>
    /// <param name="entry">Appends to the entry block, where stack slots are made.</param>
    /// <param name="math">Functions of the module.</param>
    /// <param name="threads">Where this thread stands among others.</param>
    /// <param name="isNarrow">Indices are 32 bits wide.</param>
    internal PtxFrame(LaneBuilder b, LLVMBuilderRef entry, MathLibrary math, ThreadPlace threads, bool isNarrow)
    {
        Values = b;
        this.entry = entry;
        Arithmetic = new ArithmeticEmitter(b, math);
        Threads = threads;
        IsNarrow = isNarrow;
    }

    internal LaneBuilder Values { get; }

    internal ArithmeticEmitter Arithmetic { get; }

    internal ThreadPlace Threads { get; }

    internal bool IsNarrow { get; }

    /// <summary>Whether f32 products may run on tensor cores, their operands rounded to tf32.</summary>
    internal bool AllowsTf32 { get; init; }

    /// <summary>Whether threads hold parts of a product's tile in registers.</summary>
    internal bool HoldsTiles { get; set; }

    /// <summary>The type of indices.</summary>
    internal LLVMTypeRef IndexType => IsNarrow ? Values.I32 : Values.I64;

    /// <summary>Whether threads of the work item do different iterations here; else all do the same, and one stores.</summary>
    internal bool IsSpread { get; set; }

    /// <summary>Address of the status word and the launch's number shifted to its place; null handles in kernels without checks.</summary>
    internal (LLVMValueRef Address, LLVMValueRef Launch) Status { get; set; }

    /// <summary>Bytes of shared memory that the launch has to give.</summary>
    internal int SharedBytes { get; set; }

    /// <summary>Parameters that may be written over others that are read.</summary>
    internal HashSet<KernelBuffer> InPlace { get; } = new(ReferenceEqualityComparer.Instance);

    internal bool MayOverwrite(KernelBuffer buffer) => InPlace.Contains(buffer);

    internal LLVMValueRef Alloca(LLVMTypeRef type, uint alignment = 0)
    {
        LLVMValueRef slot = entry.BuildAlloca(type);
        if (alignment != 0)
        {
            slot.SetAlignment(alignment);
        }

        return slot;
    }

    /// <summary>Variables bound from now on are seen through <paramref name="scope"/> only; null for the frame's own.</summary>
    internal void Enter(Dictionary<Var, Binding>? scope) => own = scope;

    /// <summary>Names a loop counter: a value of <see cref="IndexType"/>.</summary>
    internal void BindIndex(Var variable, LLVMValueRef index, bool isNatural)
    {
        LLVMValueRef wide = IsNarrow ? Values.Builder.BuildSExt(index, Values.I64) : index;
        Bind(variable, new Binding(wide, index, default, default) { IsPosition = true, IsNatural = isNatural });
    }

    internal void Bind(Var variable, Binding binding) => (own ?? variables)[variable] = binding;

    internal Binding BindSlot(Var variable)
    {
        LLVMTypeRef type = ScalarTypes.InRegister(Values, variable.Type);
        Binding binding = new(default, default, Alloca(type), type);
        Bind(variable, binding);
        return binding;
    }

    internal Binding Lookup(Var variable) =>
        own is not null && own.TryGetValue(variable, out Binding? inner) ? inner
        : variables.TryGetValue(variable, out Binding? binding) ? binding
        : throw new InvalidOperationException($"variable {variable} has no value here");

    internal void Bind(KernelBuffer buffer, LLVMValueRef address) => buffers[buffer] = address;

    internal LLVMValueRef Lookup(KernelBuffer buffer) => buffers.TryGetValue(buffer, out LLVMValueRef address)
        ? address
        : throw new InvalidOperationException($"buffer {buffer} is not allocated here");

    internal void Bind(Dim dim, LLVMValueRef value) => dims[dim] = value;

    internal LLVMValueRef Lookup(Dim dim) => dims.TryGetValue(dim, out LLVMValueRef value)
        ? value
        : dim.IsConstant ? Values.Constant(Values.I64, dim.Constant)
        : throw new InvalidOperationException($"dim '{dim}' is not a parameter of the kernel");

    internal void Bind(Tile tile, TileState state) => tiles[tile] = state;

    internal TileState Lookup(Tile tile) => tiles.TryGetValue(tile, out TileState? state)
        ? state
        : throw new InvalidOperationException($"tile t{tile.Id} is not declared here");

    /// <summary>A variable: its value (as an index too, for integers), or for a mutable one its slot.</summary>
    internal sealed record Binding(LLVMValueRef Value, LLVMValueRef Index, LLVMValueRef Slot, LLVMTypeRef Type)
    {
        internal bool IsMutable => Slot.Handle != 0;

        /// <summary>Made of loop counters, dims and literals.</summary>
        internal bool IsPosition { get; init; }

        /// <summary>Known not to be negative.</summary>
        internal bool IsNatural { get; init; }
    }
}
