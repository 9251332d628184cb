using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.X86;

/// <summary>Where statements are emitted: how many lanes run together, and which of them.</summary>
/// <param name="Lanes">Lanes of the vector loop around; 0 outside one.</param>
/// <param name="Mask">A bit a lane that says which run, or null for all. Code is only reached when one does.</param>
internal sealed record LaneScope(int Lanes, LLVMValueRef? Mask)
{
    /// <summary>Outside vector loops.</summary>
    internal static LaneScope Scalar { get; } = new(0, null);

    internal bool IsVector => Lanes > 0;
}
