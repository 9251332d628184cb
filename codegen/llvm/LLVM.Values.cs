using System.Runtime.InteropServices;

namespace Dlc.Codegen.Llvm;

/// <content>Types, constants, values, blocks and metadata.</content>
internal static unsafe partial class LLVM
{
    // Types.
    [LibraryImport(Library, EntryPoint = "LLVMIntTypeInContext")]
    internal static partial nint IntTypeInContext(nint context, uint bits);

    [LibraryImport(Library, EntryPoint = "LLVMHalfTypeInContext")]
    internal static partial nint HalfTypeInContext(nint context);

    [LibraryImport(Library, EntryPoint = "LLVMFloatTypeInContext")]
    internal static partial nint FloatTypeInContext(nint context);

    [LibraryImport(Library, EntryPoint = "LLVMDoubleTypeInContext")]
    internal static partial nint DoubleTypeInContext(nint context);

    [LibraryImport(Library, EntryPoint = "LLVMPointerTypeInContext")]
    internal static partial nint PointerTypeInContext(nint context, uint addressSpace);

    [LibraryImport(Library, EntryPoint = "LLVMVoidTypeInContext")]
    internal static partial nint VoidTypeInContext(nint context);

    [LibraryImport(Library, EntryPoint = "LLVMAddGlobalInAddressSpace", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint AddGlobalInAddressSpace(nint module, nint type, string name, uint addressSpace);

    [LibraryImport(Library, EntryPoint = "LLVMGetUndef")]
    internal static partial nint GetUndef(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMSetFunctionCallConv")]
    internal static partial void SetFunctionCallConv(nint function, uint convention);

    [LibraryImport(Library, EntryPoint = "LLVMFunctionType")]
    internal static partial nint FunctionType(nint result, nint* parameters, uint count, int variadic);

    [LibraryImport(Library, EntryPoint = "LLVMVectorType")]
    internal static partial nint VectorType(nint element, uint count);

    [LibraryImport(Library, EntryPoint = "LLVMArrayType2")]
    internal static partial nint ArrayType2(nint element, ulong count);

    [LibraryImport(Library, EntryPoint = "LLVMGetTypeKind")]
    internal static partial LLVMTypeKind GetTypeKind(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMGetElementType")]
    internal static partial nint GetElementType(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMGetVectorSize")]
    internal static partial uint GetVectorSize(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMGetIntTypeWidth")]
    internal static partial uint GetIntTypeWidth(nint type);

    // Constants.
    [LibraryImport(Library, EntryPoint = "LLVMConstInt")]
    internal static partial nint ConstInt(nint type, ulong value, int signExtend);

    [LibraryImport(Library, EntryPoint = "LLVMConstReal")]
    internal static partial nint ConstReal(nint type, double value);

    [LibraryImport(Library, EntryPoint = "LLVMConstNull")]
    internal static partial nint ConstNull(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMConstAllOnes")]
    internal static partial nint ConstAllOnes(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMGetPoison")]
    internal static partial nint GetPoison(nint type);

    [LibraryImport(Library, EntryPoint = "LLVMConstVector")]
    internal static partial nint ConstVector(nint* values, uint count);

    [LibraryImport(Library, EntryPoint = "LLVMConstArray2")]
    internal static partial nint ConstArray2(nint element, nint* values, ulong count);

    [LibraryImport(Library, EntryPoint = "LLVMGetAggregateElement")]
    internal static partial nint GetAggregateElement(nint value, uint index);

    [LibraryImport(Library, EntryPoint = "LLVMIsConstant")]
    internal static partial int IsConstant(nint value);

    [LibraryImport(Library, EntryPoint = "LLVMIsAConstantInt")]
    internal static partial nint IsAConstantInt(nint value);

    [LibraryImport(Library, EntryPoint = "LLVMConstIntGetSExtValue")]
    internal static partial long ConstIntGetSExtValue(nint value);

    // Values.
    [LibraryImport(Library, EntryPoint = "LLVMTypeOf")]
    internal static partial nint TypeOf(nint value);

    [LibraryImport(Library, EntryPoint = "LLVMGlobalGetValueType")]
    internal static partial nint GlobalGetValueType(nint global);

    [LibraryImport(Library, EntryPoint = "LLVMGetParam")]
    internal static partial nint GetParam(nint function, uint index);

    [LibraryImport(Library, EntryPoint = "LLVMAddIncoming")]
    internal static partial void AddIncoming(nint phi, nint* values, nint* blocks, uint count);

    [LibraryImport(Library, EntryPoint = "LLVMSetAlignment")]
    internal static partial void SetAlignment(nint value, uint bytes);

    [LibraryImport(Library, EntryPoint = "LLVMSetFastMathFlags")]
    internal static partial void SetFastMathFlags(nint instruction, uint flags);

    [LibraryImport(Library, EntryPoint = "LLVMCanValueUseFastMathFlags")]
    internal static partial int CanValueUseFastMathFlags(nint instruction);

    [LibraryImport(Library, EntryPoint = "LLVMSetInitializer")]
    internal static partial void SetInitializer(nint global, nint value);

    [LibraryImport(Library, EntryPoint = "LLVMSetGlobalConstant")]
    internal static partial void SetGlobalConstant(nint global, int constant);

    [LibraryImport(Library, EntryPoint = "LLVMSetLinkage")]
    internal static partial void SetLinkage(nint global, int linkage);

    [LibraryImport(Library, EntryPoint = "LLVMSetUnnamedAddress")]
    internal static partial void SetUnnamedAddress(nint global, int kind);

    // Blocks.
    [LibraryImport(Library, EntryPoint = "LLVMAppendBasicBlockInContext", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint AppendBasicBlockInContext(nint context, nint function, string name);

    [LibraryImport(Library, EntryPoint = "LLVMGetBasicBlockParent")]
    internal static partial nint GetBasicBlockParent(nint block);
}
