namespace Dlc.Codegen.Llvm;

/// <summary>A basic block; owned by its function.</summary>
public readonly record struct LLVMBasicBlockRef(nint Handle)
{
    /// <summary>The function that holds the block.</summary>
    public LLVMValueRef Parent => new(LLVM.GetBasicBlockParent(Handle));

    /// <summary>Whether the block ends in a branch or return.</summary>
    public bool HasTerminator => LLVM.GetBasicBlockTerminator(Handle) != 0;

    /// <summary>First instruction; the null handle when the block is empty.</summary>
    public LLVMValueRef FirstInstruction => new(LLVM.GetFirstInstruction(Handle));
}
