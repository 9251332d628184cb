using System.Runtime.InteropServices;

namespace Dlc.Codegen.Llvm;

/// <content>The instruction builder. Value names are pointers to UTF-8 text: we pass the empty one.</content>
internal static unsafe partial class LLVM
{
    [LibraryImport(Library, EntryPoint = "LLVMCreateBuilderInContext")]
    internal static partial nint CreateBuilderInContext(nint context);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeBuilder")]
    internal static partial void DisposeBuilder(nint builder);

    [LibraryImport(Library, EntryPoint = "LLVMPositionBuilderAtEnd")]
    internal static partial void PositionBuilderAtEnd(nint builder, nint block);

    [LibraryImport(Library, EntryPoint = "LLVMGetInsertBlock")]
    internal static partial nint GetInsertBlock(nint builder);

    [LibraryImport(Library, EntryPoint = "LLVMBuildRet")]
    internal static partial nint BuildRet(nint builder, nint value);

    [LibraryImport(Library, EntryPoint = "LLVMBuildRetVoid")]
    internal static partial nint BuildRetVoid(nint builder);

    [LibraryImport(Library, EntryPoint = "LLVMBuildAtomicRMW")]
    internal static partial nint BuildAtomicRMW(nint builder, int operation, nint pointer, nint value, int ordering, int singleThread);

    [LibraryImport(Library, EntryPoint = "LLVMBuildExtractValue")]
    internal static partial nint BuildExtractValue(nint builder, nint aggregate, uint index, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildBr")]
    internal static partial nint BuildBr(nint builder, nint target);

    [LibraryImport(Library, EntryPoint = "LLVMBuildCondBr")]
    internal static partial nint BuildCondBr(nint builder, nint condition, nint then, nint otherwise);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFNeg")]
    internal static partial nint BuildFNeg(nint builder, nint value, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildNeg")]
    internal static partial nint BuildNeg(nint builder, nint value, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildNot")]
    internal static partial nint BuildNot(nint builder, nint value, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildAdd")]
    internal static partial nint BuildAdd(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildSub")]
    internal static partial nint BuildSub(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildMul")]
    internal static partial nint BuildMul(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildSDiv")]
    internal static partial nint BuildSDiv(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildUDiv")]
    internal static partial nint BuildUDiv(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildURem")]
    internal static partial nint BuildURem(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildShl")]
    internal static partial nint BuildShl(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildLShr")]
    internal static partial nint BuildLShr(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildAShr")]
    internal static partial nint BuildAShr(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildAnd")]
    internal static partial nint BuildAnd(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildOr")]
    internal static partial nint BuildOr(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildXor")]
    internal static partial nint BuildXor(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFAdd")]
    internal static partial nint BuildFAdd(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFSub")]
    internal static partial nint BuildFSub(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFMul")]
    internal static partial nint BuildFMul(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFDiv")]
    internal static partial nint BuildFDiv(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildNSWAdd")]
    internal static partial nint BuildNSWAdd(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildNSWSub")]
    internal static partial nint BuildNSWSub(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildNSWMul")]
    internal static partial nint BuildNSWMul(nint builder, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildTrunc")]
    internal static partial nint BuildTrunc(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildZExt")]
    internal static partial nint BuildZExt(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildSExt")]
    internal static partial nint BuildSExt(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFPTrunc")]
    internal static partial nint BuildFPTrunc(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFPExt")]
    internal static partial nint BuildFPExt(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFPToSI")]
    internal static partial nint BuildFPToSI(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildSIToFP")]
    internal static partial nint BuildSIToFP(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildUIToFP")]
    internal static partial nint BuildUIToFP(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildBitCast")]
    internal static partial nint BuildBitCast(nint builder, nint value, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildICmp")]
    internal static partial nint BuildICmp(nint builder, LLVMIntPredicate predicate, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildFCmp")]
    internal static partial nint BuildFCmp(nint builder, LLVMRealPredicate predicate, nint left, nint right, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildSelect")]
    internal static partial nint BuildSelect(nint builder, nint condition, nint then, nint otherwise, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildPhi")]
    internal static partial nint BuildPhi(nint builder, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildCall2")]
    internal static partial nint BuildCall2(nint builder, nint type, nint function, nint* arguments, uint count, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildAlloca")]
    internal static partial nint BuildAlloca(nint builder, nint type, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildLoad2")]
    internal static partial nint BuildLoad2(nint builder, nint type, nint pointer, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildStore")]
    internal static partial nint BuildStore(nint builder, nint value, nint pointer);

    [LibraryImport(Library, EntryPoint = "LLVMBuildGEP2")]
    internal static partial nint BuildGEP2(nint builder, nint type, nint pointer, nint* indices, uint count, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildInBoundsGEP2")]
    internal static partial nint BuildInBoundsGEP2(nint builder, nint type, nint pointer, nint* indices, uint count, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildExtractElement")]
    internal static partial nint BuildExtractElement(nint builder, nint vector, nint index, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildInsertElement")]
    internal static partial nint BuildInsertElement(nint builder, nint vector, nint element, nint index, byte* name);

    [LibraryImport(Library, EntryPoint = "LLVMBuildShuffleVector")]
    internal static partial nint BuildShuffleVector(nint builder, nint left, nint right, nint mask, byte* name);
}
