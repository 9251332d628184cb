using System.Reflection;
using System.Runtime.InteropServices;
using Dlc.IR.Diagnostics;

namespace Dlc.Codegen.Llvm;

/// <summary>Finds libLLVM 22 and starts its code generators once a process.</summary>
public static class LLVMLibrary
{
    private const int Major = 22;

    // Other releases are often installed beside this one and differ in their intrinsics: only versioned names of 22.
    private static readonly string[] Names =
    [
        "libLLVM.so.22.1",
        "libLLVM-22.so.1",
        "libLLVM-22.so",
        "/usr/lib/llvm-22/lib/libLLVM.so.22.1",
        "/usr/lib/x86_64-linux-gnu/libLLVM.so.22.1",
    ];

    private static readonly Lazy<nint> Loaded = new(Load);
    private static readonly Lazy<bool> X86 = new(StartX86);
    private static readonly Lazy<bool> Ptx = new(StartPtx);

    /// <summary>Whether libLLVM 22 can be loaded here.</summary>
    public static bool IsAvailable
    {
        get
        {
            try
            {
                return Loaded.Value != 0;
            }
            catch (DlcException)
            {
                return false;
            }
        }
    }

    /// <summary>Loads the library and initialises the x86 target; cheap when done before. Safe from any thread.</summary>
    /// <exception cref="DlcException">libLLVM 22 is not installed; the message says how to install it.</exception>
    public static void EnsureX86()
    {
        _ = Loaded.Value;
        _ = X86.Value;
    }

    /// <summary>Loads the library and initialises the NVPTX target; see <see cref="EnsureX86"/>.</summary>
    /// <exception cref="DlcException">libLLVM 22 is not installed; the message says how to install it.</exception>
    public static void EnsurePtx()
    {
        _ = Loaded.Value;
        _ = Ptx.Value;
    }

    /// <summary>Makes this assembly's imports of "libLLVM" resolve to the library found here.</summary>
    internal static void Register() => NativeLibrary.SetDllImportResolver(
        typeof(LLVMLibrary).Assembly,
        (name, _, _) => name == "libLLVM" ? Loaded.Value : 0);

    private static nint Load()
    {
        Assembly assembly = typeof(LLVMLibrary).Assembly;
        foreach (string name in Names)
        {
            if (NativeLibrary.TryLoad(name, assembly, DllImportSearchPath.SafeDirectories, out nint handle))
            {
                return handle;
            }
        }

        throw new DlcException(
            ErrorCodes.MissingTool,
            $"libLLVM {Major} was not found (looked for {string.Join(", ", Names)}): install it with 'apt-get install libllvm22'");
    }

    private static bool StartX86()
    {
        CheckVersion();
        LLVM.InitializeX86TargetInfo();
        LLVM.InitializeX86Target();
        LLVM.InitializeX86TargetMC();
        LLVM.InitializeX86AsmPrinter();
        return true;
    }

    private static bool StartPtx()
    {
        CheckVersion();
        LLVM.InitializeNVPTXTargetInfo();
        LLVM.InitializeNVPTXTarget();
        LLVM.InitializeNVPTXTargetMC();
        LLVM.InitializeNVPTXAsmPrinter();
        return true;
    }

    private static void CheckVersion()
    {
        LLVM.GetVersion(out uint major, out _, out _);
        if (major != Major)
        {
            throw new DlcException(
                ErrorCodes.MissingTool, $"found libLLVM {major}, need {Major}: install it with 'apt-get install libllvm22'");
        }
    }
}
