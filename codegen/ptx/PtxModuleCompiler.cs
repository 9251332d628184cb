using System.Text;
using Dlc.Codegen.Kernels;
using Dlc.Codegen.Numerics;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Compiles kernels to PTX, each to a text of its own, so that a driver translates only those that run.</summary>
internal sealed class PtxModuleCompiler(PtxTarget target, CodegenOptions options)
    : TargetCompiler(target.Machine, PtxTarget.Triple, target.Processor, target.Features, Pipeline, options)
{
    // The code generator adds loop strength reduction, address spaces and wide loads by itself.
    private const string Pipeline = "always-inline,globaldce,function(sroa,early-cse<memssa>,loop-mssa(licm),"
        + "instcombine<max-iterations=1;no-verify-fixpoint>,early-cse<memssa>,simplifycfg,dce,infer-alignment)";

    /// <summary>The PTX text of one kernel.</summary>
    /// <exception cref="InternalCompilerException">The kernel has no form on a GPU, or LLVM cannot compile it.</exception>
    internal (byte[] Text, int SharedBytes) Compile(Kernel kernel, string symbol, bool isNarrow)
    {
        int sharedBytes = 0;
        string text = Compile(
            symbol,
            b => Emit(kernel, () => sharedBytes = new PtxKernelEmitter(b, new MathLibrary(b), target).Emit(kernel, symbol, isNarrow)),
            Machine.EmitAssembly);
        Options.Dump(symbol, ".ptx", () => text);
        return (Encoding.UTF8.GetBytes(text), sharedBytes);
    }
}
