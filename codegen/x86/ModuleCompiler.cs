using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>Compiles groups of kernels to objects; one for each thread, since LLVM's target machines are not shared.</summary>
internal sealed class ModuleCompiler : IDisposable
{
    // Code comes out of the emitter nearly in its final form: these clean it up at a tenth of the time of -O3.
    private const string Pipeline =
        "function(sroa,early-cse<memssa>,loop-mssa(licm),instcombine<max-iterations=1;no-verify-fixpoint>,early-cse,simplifycfg)";

    private readonly CpuTarget target;
    private readonly CodegenOptions options;
    private readonly LLVMTargetMachineRef machine;

    internal ModuleCompiler(CpuTarget target, CodegenOptions options)
    {
        this.target = target;
        this.options = options;
        LLVMTargetRef code = LLVMTargetRef.GetTargetFromTriple(CpuTarget.Triple);
        machine = code.CreateTargetMachine(
            CpuTarget.Triple, target.Cpu, target.Features, LLVMCodeGenOptLevel.LLVMCodeGenLevelDefault);
    }

    /// <inheritdoc/>
    public void Dispose() => machine.Dispose();

    /// <summary>Compiles kernels whose numbers start at <paramref name="first"/> into one object.</summary>
    /// <exception cref="InternalCompilerException">A kernel cannot be emitted.</exception>
    internal byte[] Compile(IReadOnlyList<Kernel> kernels, int first)
    {
        using LLVMContextRef context = LLVMContextRef.Create(keepNames: options.DumpDirectory is not null);
        using LLVMDiagnostics diagnostics = new(context);
        string name = KernelCompiler.SymbolOf(kernels[0], first);
        using LLVMModuleRef module = context.CreateModuleWithName(name);
        module.SetTarget(CpuTarget.Triple, machine);
        using (LLVMBuilderRef builder = context.CreateBuilder())
        {
            Emit(kernels, first, new LaneBuilder(context, module, builder, target.Machine, target.HasAvx512));
        }

        options.Dump(name, ".ll", module.PrintToString);
        if (!module.TryVerify(out string problem))
        {
            throw new InternalCompilerException("codegen", null, $"kernels from '{name}' are not valid LLVM IR: {problem}");
        }

        module.RunPasses(Pipeline, machine);
        options.Dump(name, ".opt.ll", module.PrintToString);
        byte[] file = machine.EmitObject(module);
        diagnostics.ThrowIfFailed();
        options.Dump(name, ".s", () => machine.EmitAssembly(module));
        return file;
    }

    private void Emit(IReadOnlyList<Kernel> kernels, int first, LaneBuilder b)
    {
        MathLibrary math = new(b);
        LLVMTypeRef block = LLVMTypeRef.CreateArray(b.I8, sizeof(long));
        LLVMValueRef zeros = b.Module.AddGlobal(block, "zeros");
        zeros.SetPrivateConstant(block.Null);
        zeros.SetAlignment(sizeof(long));
        KernelEmitter emitter = new(b, math, zeros);
        for (int i = 0; i < kernels.Count; i++)
        {
            string symbol = KernelCompiler.SymbolOf(kernels[i], first + i);
            options.Dump(symbol, ".kernel", kernels[i].ToString);
            try
            {
                emitter.Emit(kernels[i], symbol);
            }
            catch (Exception e) when (e is InvalidOperationException or ArgumentException or OverflowException)
            {
                throw new InternalCompilerException("codegen", null, $"kernel '{kernels[i].Name}': {e.Message}", e);
            }
        }
    }
}
