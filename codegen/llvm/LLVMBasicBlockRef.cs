namespace Dlc.Codegen.Llvm;

/// <summary>A basic block; owned by its function.</summary>
public readonly record struct LLVMBasicBlockRef(nint Handle)
{
    /// <summary>The function that holds the block.</summary>
    public LLVMValueRef Parent => new(LLVM.GetBasicBlockParent(Handle));
}
