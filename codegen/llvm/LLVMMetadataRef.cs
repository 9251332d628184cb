using System.Text;

namespace Dlc.Codegen.Llvm;

/// <summary>A metadata node or string; owned by its context.</summary>
public readonly unsafe record struct LLVMMetadataRef(nint Handle)
{
    /// <summary>A node over other metadata.</summary>
    public static LLVMMetadataRef CreateNode(LLVMContextRef context, ReadOnlySpan<LLVMMetadataRef> operands)
    {
        fixed (LLVMMetadataRef* p = operands)
        {
            return new(LLVM.MDNodeInContext2(context.Handle, (nint*)p, (nuint)operands.Length));
        }
    }

    /// <summary>A string.</summary>
    public static LLVMMetadataRef CreateString(LLVMContextRef context, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* p = bytes)
        {
            return new(LLVM.MDStringInContext2(context.Handle, p, (nuint)bytes.Length));
        }
    }

    /// <summary>A constant as metadata.</summary>
    public static LLVMMetadataRef FromValue(LLVMValueRef value) => new(LLVM.ValueAsMetadata(value.Handle));
}
