using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>What the code of one thread sees at the place being emitted, and where the thread stands.</summary>
internal sealed class PtxFrame : KernelFrame<PtxFrame.Binding, LLVMValueRef, TileState>
{
    /// <summary>Address spaces of NVPTX.</summary>
    internal const uint Global = 1, Shared = 3;

    private Dictionary<Var, Binding>? own;

    /// <param name="b">Emits the body.</param>
    /// <param name="entry">Appends to the entry block, where stack slots are made.</param>
    /// <param name="math">Functions of the module.</param>
    /// <param name="threads">Where this thread stands among others.</param>
    /// <param name="isNarrow">Indices are 32 bits wide.</param>
    internal PtxFrame(LaneBuilder b, LLVMBuilderRef entry, MathLibrary math, ThreadPlace threads, bool isNarrow)
        : base(b, entry, math)
    {
        Threads = threads;
        IsNarrow = isNarrow;
    }

    internal ThreadPlace Threads { get; }

    internal bool IsNarrow { get; }

    /// <summary>Whether f32 products may run on tensor cores, their operands rounded to tf32.</summary>
    internal bool AllowsTf32 { get; init; }

    /// <summary>Whether threads hold parts of a product's tile in registers.</summary>
    internal bool HoldsTiles { get; set; }

    /// <summary>Blocks that should fit the registers of a multiprocessor together, where threads hold parts of tiles.</summary>
    internal int BlocksTogether { get; set; } = 1;

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

    /// <summary>Variables bound from now on are seen through <paramref name="scope"/> only; null for the frame's own.</summary>
    internal void Enter(Dictionary<Var, Binding>? scope) => own = scope;

    /// <summary>Names a loop counter: a value of <see cref="IndexType"/>.</summary>
    internal void BindIndex(Var variable, LLVMValueRef index, bool isNatural)
    {
        LLVMValueRef wide = IsNarrow ? Values.Builder.BuildSExt(index, Values.I64) : index;
        Bind(variable, new Binding(wide, index, default, default) { IsPosition = true, IsNatural = isNatural });
    }

    internal override void Bind(Var variable, Binding binding)
    {
        if (own is null)
        {
            base.Bind(variable, binding);
        }
        else
        {
            own[variable] = binding;
        }
    }

    internal override Binding Lookup(Var variable) =>
        own is not null && own.TryGetValue(variable, out Binding? inner) ? inner : base.Lookup(variable);

    internal Binding BindSlot(Var variable)
    {
        LLVMTypeRef type = ScalarTypes.InRegister(Values, variable.Type);
        Binding binding = new(default, default, Alloca(type), type);
        Bind(variable, binding);
        return binding;
    }

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
