using System.Runtime.InteropServices;
using System.Text;
using Dlc.Codegen.Llvm;
using Xunit;

namespace Dlc.Tests.Unit.Ptx;

/// <summary>Makes PTX of LLVM IR in text form, as LLVM's NVPTX back end writes it.</summary>
internal static unsafe class LlvmPtx
{
    private const string Triple = "nvptx64-nvidia-cuda";
    private static readonly Lazy<nint> Library = new(Start);

    /// <summary>Compiles <paramref name="ir"/>; <paramref name="passes"/> is a pipeline of opt, empty for none.</summary>
    /// <param name="ir">A module without triple and data layout.</param>
    /// <param name="target">sm_80 or sm_90.</param>
    /// <param name="passes">Such as default&lt;O2&gt;.</param>
    public static string Compile(string ir, string target = "sm_80", string passes = "")
    {
        nint context = ((delegate* unmanaged<nint>)Export("ContextCreate"))();
        byte[] text = Encoding.UTF8.GetBytes(ir + '\0');
        nint module, message, handle, machine, buffer;
        fixed (byte* bytes = text)
        fixed (byte* triple = Utf8(Triple), cpu = Utf8(target), features = Utf8("+ptx78"), pipeline = Utf8(passes), name = Utf8("test"))
        {
            nint source = ((delegate* unmanaged<byte*, nuint, byte*, nint>)Export("CreateMemoryBufferWithMemoryRangeCopy"))(
                bytes, (nuint)(text.Length - 1), name);
            int failed = ((delegate* unmanaged<nint, nint, nint*, nint*, int>)Export("ParseIRInContext"))(context, source, &module, &message);
            Assert.True(failed == 0, failed == 0 ? "" : Marshal.PtrToStringUTF8(message));
            failed = ((delegate* unmanaged<byte*, nint*, nint*, int>)Export("GetTargetFromTriple"))(triple, &handle, &message);
            Assert.True(failed == 0, failed == 0 ? "" : Marshal.PtrToStringUTF8(message));
            machine = ((delegate* unmanaged<nint, byte*, byte*, byte*, int, int, int, nint>)Export("CreateTargetMachine"))(
                handle, triple, cpu, features, 3, 0, 0);
            ((delegate* unmanaged<nint, byte*, void>)Export("SetTarget"))(module, triple);
            nint layout = ((delegate* unmanaged<nint, nint>)Export("CreateTargetDataLayout"))(machine);
            ((delegate* unmanaged<nint, nint, void>)Export("SetModuleDataLayout"))(module, layout);
            ((delegate* unmanaged<nint, void>)Export("DisposeTargetData"))(layout);
            if (passes.Length != 0)
            {
                nint options = ((delegate* unmanaged<nint>)Export("CreatePassBuilderOptions"))();
                nint error = ((delegate* unmanaged<nint, byte*, nint, nint, nint>)Export("RunPasses"))(module, pipeline, machine, options);
                Assert.Equal(0, error);
                ((delegate* unmanaged<nint, void>)Export("DisposePassBuilderOptions"))(options);
            }

            failed = ((delegate* unmanaged<nint, nint, int, nint*, nint*, int>)Export("TargetMachineEmitToMemoryBuffer"))(
                machine, module, 0, &message, &buffer);
            Assert.True(failed == 0, failed == 0 ? "" : Marshal.PtrToStringUTF8(message));
        }

        byte* start = ((delegate* unmanaged<nint, byte*>)Export("GetBufferStart"))(buffer);
        nuint size = ((delegate* unmanaged<nint, nuint>)Export("GetBufferSize"))(buffer);
        string ptx = Encoding.UTF8.GetString(start, (int)size);
        ((delegate* unmanaged<nint, void>)Export("DisposeMemoryBuffer"))(buffer);
        ((delegate* unmanaged<nint, void>)Export("DisposeTargetMachine"))(machine);
        ((delegate* unmanaged<nint, void>)Export("DisposeModule"))(module);
        ((delegate* unmanaged<nint, void>)Export("ContextDispose"))(context);
        return ptx;
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Library.Value, "LLVM" + name);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text + '\0');

    private static nint Start()
    {
        // Says what is missing where it is.
        LLVMLibrary.EnsureX86();
        nint library = NativeLibrary.Load("libLLVM.so.22.1");
        foreach (string part in (string[])["TargetInfo", "Target", "TargetMC", "AsmPrinter"])
        {
            ((delegate* unmanaged<void>)NativeLibrary.GetExport(library, "LLVMInitializeNVPTX" + part))();
        }

        return library;
    }
}
