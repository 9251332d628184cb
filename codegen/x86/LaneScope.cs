using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.X86;

/// <summary>Where statements are emitted: how many lanes run together, and which of them.</summary>
/// <param name="Lanes">Lanes of the vector loop around; 0 outside one.</param>
/// <param name="Mask">A bit a lane that says which run, or null for all. Code is only reached when one does.</param>
/// <param name="Count">Where only the first lanes run: how many, an i64; else null.</param>
internal sealed record LaneScope(int Lanes, LLVMValueRef? Mask, LLVMValueRef? Count = null)
{
    /// <summary>Outside vector loops.</summary>
    internal static LaneScope Scalar { get; } = new(0, null);

    internal bool IsVector => Lanes > 0;

    /// <summary>The lanes of this scope where <paramref name="mask"/>, a part of <see cref="Mask"/>, holds.</summary>
    internal LaneScope Part(LLVMValueRef mask) => new(Lanes, mask);
}
