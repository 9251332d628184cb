namespace Dlc.Codegen.Llvm;

/// <summary>A function or parameter attribute; owned by its context.</summary>
public readonly record struct LLVMAttributeRef(nint Handle);
