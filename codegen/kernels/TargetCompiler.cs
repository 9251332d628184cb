using Dlc.Codegen.Llvm;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Kernels;

/// <summary>Takes modules from kernels to the code of a target; one for each thread, since LLVM's target machines are not shared.</summary>
internal abstract class TargetCompiler(
    MachineModel model, string triple, string processor, string features, string pipeline, CodegenOptions options, bool hasAvx512 = false) : IDisposable
{
    protected LLVMTargetMachineRef Machine { get; } = LLVMTargetRef.GetTargetFromTriple(triple).CreateTargetMachine(
        triple, processor, features, LLVMCodeGenOptLevel.LLVMCodeGenLevelDefault);

    protected CodegenOptions Options => options;

    /// <inheritdoc/>
    public void Dispose() => Machine.Dispose();

    /// <summary>Makes a module and gives what becomes of it.</summary>
    /// <param name="name">Its name, also of its dumps.</param>
    /// <param name="fill">Writes its contents.</param>
    /// <param name="take">Takes the code.</param>
    /// <exception cref="InternalCompilerException">A kernel has no form on the target, or LLVM cannot compile it.</exception>
    protected T Compile<T>(string name, Action<LaneBuilder> fill, Func<LLVMModuleRef, T> take)
    {
        using LLVMContextRef context = LLVMContextRef.Create(keepNames: options.DumpDirectory is not null);
        using LLVMDiagnostics diagnostics = new(context);
        using LLVMModuleRef module = context.CreateModuleWithName(name);
        module.SetTarget(triple, Machine);
        using (LLVMBuilderRef builder = context.CreateBuilder())
        {
            fill(new LaneBuilder(context, module, builder, model, hasAvx512));
        }

        options.Dump(name, ".ll", module.PrintToString);
        if (!module.TryVerify(out string problem))
        {
            throw new InternalCompilerException("codegen", null, $"kernels from '{name}' are not valid LLVM IR: {problem}");
        }

        module.RunPasses(pipeline, Machine);
        options.Dump(name, ".opt.ll", module.PrintToString);
        T code = take(module);
        diagnostics.ThrowIfFailed();
        return code;
    }

    /// <summary>Emits one kernel; what is wrong with it is told with its name.</summary>
    protected void Emit(Kernel kernel, Action emit)
    {
        try
        {
            emit();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or OverflowException)
        {
            throw new InternalCompilerException("codegen", null, $"kernel '{kernel.Name}' for {model.Name}: {e.Message}", e);
        }
    }
}
