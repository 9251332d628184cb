using System.Runtime.InteropServices;

namespace Dlc.Codegen.Llvm;

/// <summary>
/// Collects what LLVM reports while it works on one context. Without a handler LLVM exits the process on some errors; with
/// one it goes on and emission still claims success, so whoever emits asks <see cref="ThrowIfFailed"/> afterwards.
/// </summary>
public sealed unsafe class LLVMDiagnostics : IDisposable
{
    private readonly List<string> errors = [];
    private readonly LLVMContextRef context;
    private GCHandle self;

    /// <summary>Listens to <paramref name="context"/> until disposed; dispose before the context.</summary>
    public LLVMDiagnostics(LLVMContextRef context)
    {
        this.context = context;
        self = GCHandle.Alloc(this);
        LLVM.ContextSetDiagnosticHandler(context.Handle, &OnDiagnostic, GCHandle.ToIntPtr(self));
    }

    /// <summary>Messages of severity error, in order.</summary>
    public IReadOnlyList<string> Errors => errors;

    /// <exception cref="InvalidOperationException">LLVM has reported an error.</exception>
    public void ThrowIfFailed()
    {
        if (errors.Count > 0)
        {
            throw new InvalidOperationException("LLVM: " + string.Join("; ", errors));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (self.IsAllocated)
        {
            LLVM.ContextSetDiagnosticHandler(context.Handle, null, 0);
            self.Free();
        }
    }

    [UnmanagedCallersOnly]
    private static void OnDiagnostic(nint info, nint state)
    {
        const int error = 0;
        nint text = LLVM.GetDiagInfoDescription(info);
        string message = Marshal.PtrToStringUTF8(text) ?? "";
        LLVM.DisposeMessage(text);
        if (LLVM.GetDiagInfoSeverity(info) == error)
        {
            ((LLVMDiagnostics)GCHandle.FromIntPtr(state).Target!).errors.Add(message);
        }
    }
}
