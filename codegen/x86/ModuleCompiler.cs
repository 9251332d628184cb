using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>Compiles groups of kernels to objects.</summary>
internal sealed class ModuleCompiler(CpuTarget target, CodegenOptions options)
    : TargetCompiler(target.Machine, CpuTarget.Triple, target.Cpu, target.Features, Pipeline, options, target.HasAvx512)
{
    // Code comes out of the emitter nearly in its final form: these clean it up at a tenth of the time of -O3.
    private const string Pipeline =
        "function(sroa,early-cse<memssa>,loop-mssa(licm),instcombine<max-iterations=1;no-verify-fixpoint>,early-cse,simplifycfg)";

    /// <summary>Compiles kernels whose numbers start at <paramref name="first"/> into one object.</summary>
    /// <exception cref="InternalCompilerException">A kernel cannot be emitted.</exception>
    internal byte[] Compile(IReadOnlyList<Kernel> kernels, int first)
    {
        string name = KernelCompiler.SymbolOf(kernels[0], first);
        return Compile(
            name,
            b => Fill(kernels, first, b),
            module =>
            {
                byte[] file = Machine.EmitObject(module);
                Options.Dump(name, ".s", () => Machine.EmitAssembly(module));
                return file;
            });
    }

    private void Fill(IReadOnlyList<Kernel> kernels, int first, LaneBuilder b)
    {
        MathLibrary math = new(b);
        LLVMTypeRef block = LLVMTypeRef.CreateArray(b.I8, sizeof(long));
        LLVMValueRef zeros = b.Module.AddGlobal(block, "zeros");
        zeros.SetPrivateConstant(block.Null);
        zeros.SetAlignment(sizeof(long));
        KernelEmitter emitter = new(b, math, zeros);
        for (int i = 0; i < kernels.Count; i++)
        {
            Kernel kernel = kernels[i];
            string symbol = KernelCompiler.SymbolOf(kernel, first + i);
            Options.Dump(symbol, ".kernel", kernel.ToString);
            Emit(kernel, () => emitter.Emit(kernel, symbol));
        }
    }
}
