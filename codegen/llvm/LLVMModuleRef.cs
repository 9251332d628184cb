using System.Runtime.InteropServices;
using System.Text;

namespace Dlc.Codegen.Llvm;

/// <summary>A translation unit. Freed by <see cref="Dispose"/>, before its context.</summary>
public readonly unsafe record struct LLVMModuleRef(nint Handle) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => LLVM.DisposeModule(Handle);

    /// <summary>Sets triple and data layout to those of <paramref name="machine"/>.</summary>
    public void SetTarget(string triple, LLVMTargetMachineRef machine)
    {
        LLVM.SetTarget(Handle, triple);
        nint layout = LLVM.CreateTargetDataLayout(machine.Handle);
        LLVM.SetModuleDataLayout(Handle, layout);
        LLVM.DisposeTargetData(layout);
    }

    /// <summary>Declares a function; its body is added by appending blocks.</summary>
    public LLVMValueRef AddFunction(string name, LLVMTypeRef type) => new(LLVM.AddFunction(Handle, name, type.Handle));

    /// <summary>Adds a global variable.</summary>
    public LLVMValueRef AddGlobal(LLVMTypeRef type, string name) => new(LLVM.AddGlobal(Handle, type.Handle, name));

    /// <summary>Adds a global variable in an address space of the target.</summary>
    public LLVMValueRef AddGlobalInAddressSpace(LLVMTypeRef type, string name, uint addressSpace) =>
        new(LLVM.AddGlobalInAddressSpace(Handle, type.Handle, name, addressSpace));

    /// <summary>Declares the intrinsic <paramref name="name"/> for the overloaded <paramref name="types"/>.</summary>
    /// <exception cref="ArgumentException">This LLVM has no such intrinsic.</exception>
    public LLVMValueRef GetIntrinsicDeclaration(string name, ReadOnlySpan<LLVMTypeRef> types)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        fixed (byte* p = bytes)
        fixed (LLVMTypeRef* t = types)
        {
            uint id = LLVM.LookupIntrinsicID(p, (nuint)bytes.Length);
            return id != 0
                ? new(LLVM.GetIntrinsicDeclaration(Handle, id, (nint*)t, (nuint)types.Length))
                : throw new ArgumentException($"no LLVM intrinsic '{name}'");
        }
    }

    /// <summary>The module as text.</summary>
    public string PrintToString() => LLVMTargetRef.TakeMessage(LLVM.PrintModuleToString(Handle));

    /// <summary>Checks the module's invariants.</summary>
    /// <returns>True when sound; otherwise <paramref name="message"/> says what is wrong.</returns>
    public bool TryVerify(out string message)
    {
        const int returnStatus = 2;
        int broken = LLVM.VerifyModule(Handle, returnStatus, out nint text);
        message = LLVMTargetRef.TakeMessage(text);
        return broken == 0;
    }

    /// <summary>Runs a pipeline in the syntax of LLVM's <c>opt -passes</c>.</summary>
    /// <exception cref="InvalidOperationException">The pipeline does not parse.</exception>
    public void RunPasses(string passes, LLVMTargetMachineRef machine)
    {
        nint options = LLVM.CreatePassBuilderOptions();
        nint error = LLVM.RunPasses(Handle, passes, machine.Handle, options);
        LLVM.DisposePassBuilderOptions(options);
        if (error != 0)
        {
            nint text = LLVM.GetErrorMessage(error);
            string message = Marshal.PtrToStringUTF8(text) ?? "";
            LLVM.DisposeErrorMessage(text);
            throw new InvalidOperationException($"LLVM pass pipeline '{passes}': {message}");
        }
    }
}
