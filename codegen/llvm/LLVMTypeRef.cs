namespace Dlc.Codegen.Llvm;

/// <summary>A type; owned by its context.</summary>
public readonly unsafe record struct LLVMTypeRef(nint Handle)
{
    /// <summary>What kind of type this is.</summary>
    public LLVMTypeKind Kind => LLVM.GetTypeKind(Handle);

    /// <summary>Element type of a vector or array.</summary>
    public LLVMTypeRef ElementType => new(LLVM.GetElementType(Handle));

    /// <summary>Lanes of a fixed vector.</summary>
    public uint VectorSize => LLVM.GetVectorSize(Handle);

    /// <summary>Bits of an integer.</summary>
    public uint IntWidth => LLVM.GetIntTypeWidth(Handle);

    /// <summary>The null, zero or false value of the type.</summary>
    public LLVMValueRef Null => new(LLVM.ConstNull(Handle));

    /// <summary>The all-ones value of the type.</summary>
    public LLVMValueRef AllOnes => new(LLVM.ConstAllOnes(Handle));

    /// <summary>The poison value of the type.</summary>
    public LLVMValueRef Poison => new(LLVM.GetPoison(Handle));

    /// <summary>A fixed vector type.</summary>
    public static LLVMTypeRef CreateVector(LLVMTypeRef element, uint count) => new(LLVM.VectorType(element.Handle, count));

    /// <summary>An array type.</summary>
    public static LLVMTypeRef CreateArray(LLVMTypeRef element, ulong count) => new(LLVM.ArrayType2(element.Handle, count));

    /// <summary>A function type.</summary>
    public static LLVMTypeRef CreateFunction(LLVMTypeRef result, ReadOnlySpan<LLVMTypeRef> parameters)
    {
        fixed (LLVMTypeRef* p = parameters)
        {
            return new(LLVM.FunctionType(result.Handle, (nint*)p, (uint)parameters.Length, 0));
        }
    }
}
