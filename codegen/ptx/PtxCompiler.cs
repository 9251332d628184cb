using Dlc.Codegen.Llvm;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Compiles kernels to PTX. Needs no GPU and no CUDA.</summary>
public static class PtxCompiler
{
    /// <summary>Blocks beyond which a grid gains nothing: each thread then takes several items in turn.</summary>
    private const int MaximumBlocks = 1 << 20;

    /// <summary>Blocks of kernels with scratch memory, which is as large as there are workers.</summary>
    private const int MaximumBlocksWithScratch = 256;

    /// <summary>Compiles each distinct <see cref="Kernel.StructuralKey"/> once. The image depends on the kernels and the target alone.</summary>
    /// <exception cref="DlcException">libLLVM is missing, or a kernel cannot be compiled, which is a bug.</exception>
    /// <param name="kernels">What is compiled.</param>
    /// <param name="target">The GPU.</param>
    /// <param name="threads">Threads that compile.</param>
    /// <param name="options">Dumps and progress.</param>
    /// <param name="isNarrowOnly">Kernels that never run at sizes that need 64-bit indices; null for none.</param>
    public static PtxImage Compile(
        IReadOnlyList<Kernel> kernels, PtxTarget target, int threads, CodegenOptions? options = null, Func<Kernel, bool>? isNarrowOnly = null)
    {
        LLVMLibrary.EnsurePtx();
        options ??= new CodegenOptions();
        DistinctKernels distinct = new(kernels);
        List<Kernel> each = distinct.Kernels;
        List<(int Kernel, bool IsNarrow)> variants = [];
        for (int i = 0; i < each.Count; i++)
        {
            variants.Add((i, true));
            if (isNarrowOnly?.Invoke(each[i]) != true)
            {
                variants.Add((i, false));
            }
        }

        int done = 0;
        (byte[] Text, int SharedBytes)[] texts = CompilerThreads.Run(
            variants.Count,
            threads,
            () => new PtxModuleCompiler(target, options),
            (compiler, variant) =>
            {
                (int kernel, bool isNarrow) = variants[variant];
                (byte[] Text, int SharedBytes) text = compiler.Compile(each[kernel], Symbol(each[kernel], kernel, isNarrow), isNarrow);
                options.Progress?.Invoke(Interlocked.Increment(ref done) * each.Count / variants.Count, each.Count);
                return text;
            });
        using MemoryStream image = new();
        PtxCode?[] codes = new PtxCode?[2 * each.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            (int kernel, bool isNarrow) = variants[i];
            codes[(2 * kernel) + (isNarrow ? 0 : 1)] = new PtxCode(checked((int)image.Length), Symbol(each[kernel], kernel, isNarrow), texts[i].SharedBytes);
            image.Write(texts[i].Text);
            image.WriteByte(0);
        }

        return new PtxImage
        {
            Bytes = image.ToArray(),
            Kernels = [.. distinct.NumberOf.Select(n => Describe(each[n], codes[2 * n]!, codes[(2 * n) + 1]))],
        };
    }

    private static PtxKernel Describe(Kernel kernel, PtxCode narrow, PtxCode? wide)
    {
        int threads = PtxKernelEmitter.BlockThreads(kernel);
        return new PtxKernel(narrow, wide, threads, threads / kernel.ThreadsPerItem, kernel.Scratch.Count > 0 ? MaximumBlocksWithScratch : MaximumBlocks);
    }

    private static string Symbol(Kernel kernel, int number, bool isNarrow) => KernelCompiler.SymbolOf(kernel, number) + (isNarrow ? "" : "_wide");
}
