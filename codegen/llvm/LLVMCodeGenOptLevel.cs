namespace Dlc.Codegen.Llvm;

/// <summary>Effort of instruction selection and register allocation (values of the C API).</summary>
public enum LLVMCodeGenOptLevel
{
    LLVMCodeGenLevelNone = 0,
    LLVMCodeGenLevelLess = 1,
    LLVMCodeGenLevelDefault = 2,
    LLVMCodeGenLevelAggressive = 3,
}
