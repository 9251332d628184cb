using System.Text;
using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Compiles kernels to PTX, each to a text of its own, so that a driver translates only those that run. One for each thread.</summary>
internal sealed class PtxModuleCompiler : IDisposable
{
    // The code generator adds loop strength reduction, address spaces and wide loads by itself.
    private const string Pipeline = "always-inline,globaldce,function(sroa,early-cse<memssa>,loop-mssa(licm),"
        + "instcombine<max-iterations=1;no-verify-fixpoint>,early-cse<memssa>,simplifycfg,dce,infer-alignment)";

    private readonly PtxTarget target;
    private readonly CodegenOptions options;
    private readonly LLVMTargetMachineRef machine;

    internal PtxModuleCompiler(PtxTarget target, CodegenOptions options)
    {
        this.target = target;
        this.options = options;
        machine = LLVMTargetRef.GetTargetFromTriple(PtxTarget.Triple).CreateTargetMachine(
            PtxTarget.Triple, target.Processor, target.Features, LLVMCodeGenOptLevel.LLVMCodeGenLevelDefault);
    }

    /// <inheritdoc/>
    public void Dispose() => machine.Dispose();

    /// <summary>The PTX text of one kernel.</summary>
    /// <exception cref="InternalCompilerException">The kernel has no form on a GPU, or LLVM cannot compile it.</exception>
    internal (byte[] Text, int SharedBytes) Compile(Kernel kernel, string symbol, bool isNarrow)
    {
        using LLVMContextRef context = LLVMContextRef.Create(keepNames: options.DumpDirectory is not null);
        using LLVMDiagnostics diagnostics = new(context);
        using LLVMModuleRef module = context.CreateModuleWithName(symbol);
        int sharedBytes;
        module.SetTarget(PtxTarget.Triple, machine);
        using (LLVMBuilderRef builder = context.CreateBuilder())
        {
            LaneBuilder values = new(context, module, builder, target.Machine);
            try
            {
                sharedBytes = new PtxKernelEmitter(values, new MathLibrary(values), target).Emit(kernel, symbol, isNarrow);
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException or OverflowException)
            {
                throw new InternalCompilerException("codegen", null, $"kernel '{kernel.Name}' for {target.Name}: {e.Message}", e);
            }
        }

        options.Dump(symbol, ".ll", module.PrintToString);
        if (!module.TryVerify(out string problem))
        {
            throw new InternalCompilerException("codegen", null, $"kernel '{kernel.Name}' is not valid LLVM IR: {problem}");
        }

        module.RunPasses(Pipeline, machine);
        options.Dump(symbol, ".opt.ll", module.PrintToString);
        string text = machine.EmitAssembly(module);
        diagnostics.ThrowIfFailed();
        options.Dump(symbol, ".ptx", () => text);
        return (Encoding.UTF8.GetBytes(text), sharedBytes);
    }
}
