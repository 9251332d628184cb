using System.Globalization;
using Dlc.Codegen.Image;
using Dlc.Codegen.Llvm;
using Dlc.Codegen.X86;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen;

/// <summary>
/// Compiles kernels to one position-independent image. A kernel is
/// <c>int32 kernel(void* const* buffers, const int64* dims, void* scratch, int64 begin, int64 end)</c>: it runs the work items
/// [begin, end) and returns 0 or 1 + the number of the first check that failed.
/// </summary>
public static class KernelCompiler
{
    // Kernels that share a module: enough to spread its fixed cost, few enough to keep all threads busy.
    private const int KernelsPerModule = 4;

    /// <summary>
    /// Compiles each distinct <see cref="Kernel.StructuralKey"/> once. The image depends on the kernels and the target alone, not on
    /// <paramref name="threads"/>.
    /// </summary>
    /// <exception cref="DlcException">libLLVM is missing, or a kernel cannot be compiled, which is a bug.</exception>
    public static CodeImage Compile(IReadOnlyList<Kernel> kernels, CpuTarget target, int threads, CodegenOptions? options = null)
    {
        LLVMLibrary.EnsureX86();
        options ??= new CodegenOptions();
        DistinctKernels distinct = new(kernels);
        int done = 0;
        byte[][] objects = CompilerThreads.Run(
            (distinct.Kernels.Count + KernelsPerModule - 1) / KernelsPerModule,
            threads,
            () => new ModuleCompiler(target, options),
            (compiler, module) =>
            {
                int first = module * KernelsPerModule;
                List<Kernel> part = distinct.Kernels.GetRange(first, Math.Min(KernelsPerModule, distinct.Kernels.Count - first));
                byte[] file = compiler.Compile(part, first);
                options.Progress?.Invoke(Interlocked.Add(ref done, part.Count), distinct.Kernels.Count);
                return file;
            });
        ImageBuilder builder = new();
        foreach (byte[] file in objects)
        {
            builder.Add(file);
        }

        (byte[] bytes, int codeOffset, SortedDictionary<string, int> symbols) = builder.Build();
        return new CodeImage
        {
            Bytes = bytes,
            CodeOffset = codeOffset,
            Entries = [.. distinct.NumberOf.Select(n => symbols[SymbolOf(distinct.Kernels[n], n)])],
            Symbols = [.. symbols.Select(s => (s.Key, s.Value)).OrderBy(s => s.Value)],
        };
    }

    /// <summary>The symbol of the distinct kernel <paramref name="number"/>.</summary>
    internal static string SymbolOf(Kernel kernel, int number)
    {
        string name = string.Concat(kernel.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"dlc_{number}_{name}");
    }
}
