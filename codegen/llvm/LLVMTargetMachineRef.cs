namespace Dlc.Codegen.Llvm;

/// <summary>A configured code generator; for one thread at a time. Freed by <see cref="Dispose"/>.</summary>
public readonly unsafe record struct LLVMTargetMachineRef(nint Handle) : IDisposable
{
    private const int AssemblyFile = 0;
    private const int ObjectFile = 1;

    /// <inheritdoc/>
    public void Dispose() => LLVM.DisposeTargetMachine(Handle);

    /// <summary>The module as an ELF object; consumes the module's IR (it is lowered in place).</summary>
    /// <exception cref="InvalidOperationException">LLVM reports that it cannot emit the module.</exception>
    public byte[] EmitObject(LLVMModuleRef module) => Emit(module, ObjectFile);

    /// <summary>The module as assembly text, for dumps.</summary>
    /// <exception cref="InvalidOperationException">LLVM reports that it cannot emit the module.</exception>
    public string EmitAssembly(LLVMModuleRef module) => System.Text.Encoding.UTF8.GetString(Emit(module, AssemblyFile));

    private byte[] Emit(LLVMModuleRef module, int kind)
    {
        int failed = LLVM.TargetMachineEmitToMemoryBuffer(Handle, module.Handle, kind, out nint message, out nint buffer);
        if (failed != 0)
        {
            throw new InvalidOperationException($"LLVM emission: {LLVMTargetRef.TakeMessage(message)}");
        }

        byte[] bytes = new ReadOnlySpan<byte>(LLVM.GetBufferStart(buffer), checked((int)LLVM.GetBufferSize(buffer))).ToArray();
        LLVM.DisposeMemoryBuffer(buffer);
        return bytes;
    }
}
