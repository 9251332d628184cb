using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>What the code of one kernel sees at the place being emitted, and the lanes that run.</summary>
internal sealed class Frame : KernelFrame<Frame.Binding, Frame.BufferBinding, Frame.TileBinding>
{
    /// <param name="b">Emits the body.</param>
    /// <param name="entry">Appends to the entry block, where stack slots are made.</param>
    /// <param name="math">Functions of the module.</param>
    /// <param name="zeros">Address of at least 8 zero bytes, where loads that must not touch memory read.</param>
    internal Frame(LaneBuilder b, LLVMBuilderRef entry, MathLibrary math, LLVMValueRef zeros)
        : base(b, entry, math) => Zeros = zeros;

    internal LLVMValueRef Zeros { get; }

    /// <summary>The lanes that run at the place being emitted.</summary>
    internal LaneScope Scope { get; set; } = LaneScope.Scalar;

    /// <summary>Which variables differ between the lanes of the vector loop around; null outside.</summary>
    internal Divergence? Divergence { get; set; }

    /// <summary>Slot of the kernel's result, an i32; the null handle when it has no checks.</summary>
    internal LLVMValueRef Status { get; set; }

    internal void Bind(Var variable, LaneValue value) => Bind(variable, new Binding(value, default, default, 0));

    /// <summary>Binds a mutable variable to a new slot of its own.</summary>
    internal Binding BindSlot(Var variable, int lanes)
    {
        LLVMTypeRef type = LaneBuilder.Wide(ScalarTypes.InRegister(Values, variable.Type), lanes);
        Binding binding = new(default, Alloca(type), type, lanes);
        Bind(variable, binding);
        return binding;
    }

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
