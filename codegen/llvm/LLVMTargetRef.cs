using System.Runtime.InteropServices;

namespace Dlc.Codegen.Llvm;

/// <summary>A code generator that libLLVM was built with; never freed.</summary>
public readonly record struct LLVMTargetRef(nint Handle)
{
    /// <summary>The code generator for <paramref name="triple"/>.</summary>
    /// <exception cref="InvalidOperationException">This libLLVM has none.</exception>
    public static LLVMTargetRef GetTargetFromTriple(string triple)
    {
        int failed = LLVM.GetTargetFromTriple(triple, out nint target, out nint message);
        return failed == 0 ? new(target) : throw new InvalidOperationException($"LLVM target '{triple}': {TakeMessage(message)}");
    }

    /// <summary>A machine that emits position-independent code of the small code model.</summary>
    public LLVMTargetMachineRef CreateTargetMachine(string triple, string cpu, string features, LLVMCodeGenOptLevel level)
    {
        const int positionIndependent = 2;
        const int small = 3;
        return new(LLVM.CreateTargetMachine(Handle, triple, cpu, features, (int)level, positionIndependent, small));
    }

    /// <summary>Copies a message that LLVM allocated and frees it.</summary>
    internal static string TakeMessage(nint message)
    {
        if (message == 0)
        {
            return "";
        }

        string text = Marshal.PtrToStringUTF8(message) ?? "";
        LLVM.DisposeMessage(message);
        return text;
    }
}
