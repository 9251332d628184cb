namespace Dlc.Codegen.Llvm;

/// <summary>Operations of <c>atomicrmw</c> that we use, by LLVM's numbers.</summary>
public enum LLVMAtomicRMWBinOp
{
    LLVMAtomicRMWBinOpAdd = 1,
    LLVMAtomicRMWBinOpUMin = 10,
}
