using System.Runtime.InteropServices;

namespace Dlc.Codegen.Llvm;

/// <summary>
/// The part of LLVM 22's stable C API that we use, by its C names without the prefix (as LLVMSharp.Interop names them).
/// Wrapper structures beside this file are what the rest of the project calls; each says who frees what.
/// </summary>
internal static unsafe partial class LLVM
{
    private const string Library = "libLLVM";

    static LLVM() => LLVMLibrary.Register();

    // Start-up.
    [LibraryImport(Library, EntryPoint = "LLVMInitializeX86TargetInfo")]
    internal static partial void InitializeX86TargetInfo();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeX86Target")]
    internal static partial void InitializeX86Target();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeX86TargetMC")]
    internal static partial void InitializeX86TargetMC();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeX86AsmPrinter")]
    internal static partial void InitializeX86AsmPrinter();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeNVPTXTargetInfo")]
    internal static partial void InitializeNVPTXTargetInfo();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeNVPTXTarget")]
    internal static partial void InitializeNVPTXTarget();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeNVPTXTargetMC")]
    internal static partial void InitializeNVPTXTargetMC();

    [LibraryImport(Library, EntryPoint = "LLVMInitializeNVPTXAsmPrinter")]
    internal static partial void InitializeNVPTXAsmPrinter();

    [LibraryImport(Library, EntryPoint = "LLVMGetVersion")]
    internal static partial void GetVersion(out uint major, out uint minor, out uint patch);

    // Contexts, messages, errors.
    [LibraryImport(Library, EntryPoint = "LLVMContextCreate")]
    internal static partial nint ContextCreate();

    [LibraryImport(Library, EntryPoint = "LLVMContextDispose")]
    internal static partial void ContextDispose(nint context);

    [LibraryImport(Library, EntryPoint = "LLVMContextSetDiscardValueNames")]
    internal static partial void ContextSetDiscardValueNames(nint context, int discard);

    [LibraryImport(Library, EntryPoint = "LLVMContextSetDiagnosticHandler")]
    internal static partial void ContextSetDiagnosticHandler(nint context, delegate* unmanaged<nint, nint, void> handler, nint state);

    [LibraryImport(Library, EntryPoint = "LLVMGetDiagInfoDescription")]
    internal static partial nint GetDiagInfoDescription(nint info);

    [LibraryImport(Library, EntryPoint = "LLVMGetDiagInfoSeverity")]
    internal static partial int GetDiagInfoSeverity(nint info);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeMessage")]
    internal static partial void DisposeMessage(nint message);

    [LibraryImport(Library, EntryPoint = "LLVMGetErrorMessage")]
    internal static partial nint GetErrorMessage(nint error);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeErrorMessage")]
    internal static partial void DisposeErrorMessage(nint message);

    // Modules.
    [LibraryImport(Library, EntryPoint = "LLVMModuleCreateWithNameInContext", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ModuleCreateWithNameInContext(string name, nint context);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeModule")]
    internal static partial void DisposeModule(nint module);

    [LibraryImport(Library, EntryPoint = "LLVMSetTarget", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void SetTarget(nint module, string triple);

    [LibraryImport(Library, EntryPoint = "LLVMSetModuleDataLayout")]
    internal static partial void SetModuleDataLayout(nint module, nint layout);

    [LibraryImport(Library, EntryPoint = "LLVMPrintModuleToString")]
    internal static partial nint PrintModuleToString(nint module);

    [LibraryImport(Library, EntryPoint = "LLVMVerifyModule")]
    internal static partial int VerifyModule(nint module, int action, out nint message);

    [LibraryImport(Library, EntryPoint = "LLVMAddFunction", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint AddFunction(nint module, string name, nint type);

    [LibraryImport(Library, EntryPoint = "LLVMAddGlobal", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint AddGlobal(nint module, nint type, string name);

    [LibraryImport(Library, EntryPoint = "LLVMLookupIntrinsicID")]
    internal static partial uint LookupIntrinsicID(byte* name, nuint length);

    [LibraryImport(Library, EntryPoint = "LLVMGetIntrinsicDeclaration")]
    internal static partial nint GetIntrinsicDeclaration(nint module, uint id, nint* types, nuint count);

    // Targets.
    [LibraryImport(Library, EntryPoint = "LLVMGetTargetFromTriple", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int GetTargetFromTriple(string triple, out nint target, out nint message);

    [LibraryImport(Library, EntryPoint = "LLVMCreateTargetMachine", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint CreateTargetMachine(
        nint target, string triple, string cpu, string features, int level, int relocation, int codeModel);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeTargetMachine")]
    internal static partial void DisposeTargetMachine(nint machine);

    [LibraryImport(Library, EntryPoint = "LLVMCreateTargetDataLayout")]
    internal static partial nint CreateTargetDataLayout(nint machine);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeTargetData")]
    internal static partial void DisposeTargetData(nint layout);

    [LibraryImport(Library, EntryPoint = "LLVMTargetMachineEmitToMemoryBuffer")]
    internal static partial int TargetMachineEmitToMemoryBuffer(nint machine, nint module, int kind, out nint message, out nint buffer);

    [LibraryImport(Library, EntryPoint = "LLVMGetBufferStart")]
    internal static partial byte* GetBufferStart(nint buffer);

    [LibraryImport(Library, EntryPoint = "LLVMGetBufferSize")]
    internal static partial nuint GetBufferSize(nint buffer);

    [LibraryImport(Library, EntryPoint = "LLVMDisposeMemoryBuffer")]
    internal static partial void DisposeMemoryBuffer(nint buffer);

    [LibraryImport(Library, EntryPoint = "LLVMCreatePassBuilderOptions")]
    internal static partial nint CreatePassBuilderOptions();

    [LibraryImport(Library, EntryPoint = "LLVMDisposePassBuilderOptions")]
    internal static partial void DisposePassBuilderOptions(nint options);

    [LibraryImport(Library, EntryPoint = "LLVMRunPasses", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint RunPasses(nint module, string passes, nint machine, nint options);

    // Attributes.
    [LibraryImport(Library, EntryPoint = "LLVMGetEnumAttributeKindForName")]
    internal static partial uint GetEnumAttributeKindForName(byte* name, nuint length);

    [LibraryImport(Library, EntryPoint = "LLVMCreateEnumAttribute")]
    internal static partial nint CreateEnumAttribute(nint context, uint kind, ulong value);

    [LibraryImport(Library, EntryPoint = "LLVMCreateStringAttribute")]
    internal static partial nint CreateStringAttribute(nint context, byte* key, uint keyLength, byte* value, uint valueLength);

    [LibraryImport(Library, EntryPoint = "LLVMAddAttributeAtIndex")]
    internal static partial void AddAttributeAtIndex(nint function, uint index, nint attribute);
}
