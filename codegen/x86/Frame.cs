using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.Codegen.X86;

/// <summary>What the code of one kernel sees at the place being emitted: variables, buffers, dims, tiles and the lanes that run.</summary>
internal sealed class Frame
{
    private readonly Dictionary<Var, Binding> variables = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<KernelBuffer, BufferBinding> buffers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Dim, LLVMValueRef> dims = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Tile, TileBinding> tiles = new(ReferenceEqualityComparer.Instance);
    private readonly LLVMBuilderRef entry;

    /// <param name="b">Emits the body.</param>
    /// <param name="entry">Appends to the entry block, where stack slots are made.</param>
    /// <param name="math">Functions of the module.</param>
    /// <param name="zeros">Address of at least 8 zero bytes, where loads that must not touch memory read.</param>
    internal Frame(LaneBuilder b, LLVMBuilderRef entry, MathLibrary math, LLVMValueRef zeros)
    {
        Lanes = b;
        this.entry = entry;
        Zeros = zeros;
        Arithmetic = new ArithmeticEmitter(b, math);
    }

    internal LaneBuilder Lanes { get; }

    internal ArithmeticEmitter Arithmetic { get; }

    internal LLVMValueRef Zeros { get; }

    /// <summary>The lanes that run at the place being emitted.</summary>
    internal LaneScope Scope { get; set; } = LaneScope.Scalar;

    /// <summary>Which variables differ between the lanes of the vector loop around; null outside.</summary>
    internal Divergence? Divergence { get; set; }

    /// <summary>Slot of the kernel's result, an i32; the null handle when it has no checks.</summary>
    internal LLVMValueRef Status { get; set; }

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

    internal void Bind(Var variable, LaneValue value) => variables[variable] = new Binding(value, default, default, 0);

    /// <summary>Binds a mutable variable to a new slot of its own.</summary>
    internal Binding BindSlot(Var variable, int lanes)
    {
        LLVMTypeRef type = LaneBuilder.Wide(ScalarTypes.InRegister(Lanes, variable.Type), lanes);
        Binding binding = new(default, Alloca(type), type, lanes);
        variables[variable] = binding;
        return binding;
    }

    internal void Bind(Var variable, Binding binding) => variables[variable] = binding;

    internal Binding Lookup(Var variable) => variables.TryGetValue(variable, out Binding? binding)
        ? binding
        : throw new InvalidOperationException($"variable {variable} has no value here");

    internal void Bind(KernelBuffer buffer, BufferBinding binding) => buffers[buffer] = binding;

    internal BufferBinding Lookup(KernelBuffer buffer) => buffers.TryGetValue(buffer, out BufferBinding binding)
        ? binding
        : throw new InvalidOperationException($"buffer {buffer} is not allocated here");

    internal void Bind(Dim dim, LLVMValueRef value) => dims[dim] = value;

    internal LLVMValueRef Lookup(Dim dim) => dims.TryGetValue(dim, out LLVMValueRef value)
        ? value
        : dim.IsConstant ? Lanes.Constant(Lanes.I64, dim.Constant)
        : throw new InvalidOperationException($"dim '{dim}' is not a parameter of the kernel");

    internal void Bind(Tile tile, TileBinding binding) => tiles[tile] = binding;

    internal TileBinding Lookup(Tile tile) => tiles.TryGetValue(tile, out TileBinding? binding)
        ? binding
        : throw new InvalidOperationException($"tile t{tile.Id} is not declared here");

    /// <summary>A variable: its value, or for a mutable one the slot that holds <paramref name="Lanes"/> lanes (0 for a scalar).</summary>
    internal sealed record Binding(LaneValue Value, LLVMValueRef Slot, LLVMTypeRef Type, int Lanes)
    {
        internal bool IsMutable => Slot.Handle != 0;
    }

    /// <summary>A buffer: element i of lane l is at <c>i * Copies + l</c>; Copies is 1 for memory that lanes share.</summary>
    internal readonly record struct BufferBinding(LLVMValueRef Address, int Copies);

    /// <summary>A register tile: one slot a row and piece of columns.</summary>
    internal sealed record TileBinding(LLVMValueRef[,] Slots, TilePiece[] Pieces);

    /// <summary>Neighbouring columns of a tile that one vector holds.</summary>
    internal readonly record struct TilePiece(int Start, int Lanes);
}
