using System.Runtime.ExceptionServices;
using Dlc.Codegen.Llvm;
using Dlc.IR.Diagnostics;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>Compiles kernels to PTX. Needs no GPU and no CUDA.</summary>
public static class PtxCompiler
{
    // Expressions may be deep and are emitted by recursion.
    private const int StackBytes = 512 << 20;

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
        List<Kernel> distinct = [];
        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        int[] number = new int[kernels.Count];
        for (int i = 0; i < kernels.Count; i++)
        {
            if (!numbers.TryGetValue(kernels[i].StructuralKey, out number[i]))
            {
                numbers.Add(kernels[i].StructuralKey, number[i] = distinct.Count);
                distinct.Add(kernels[i]);
            }
        }

        List<(int Kernel, bool IsNarrow)> variants = [];
        for (int i = 0; i < distinct.Count; i++)
        {
            variants.Add((i, true));
            if (isNarrowOnly?.Invoke(distinct[i]) != true)
            {
                variants.Add((i, false));
            }
        }

        (byte[] Text, int SharedBytes)[] texts = CompileAll(distinct, variants, target, threads, options);
        using MemoryStream image = new();
        PtxCode?[] codes = new PtxCode?[2 * distinct.Count];
        for (int i = 0; i < texts.Length; i++)
        {
            (int kernel, bool isNarrow) = variants[i];
            codes[(2 * kernel) + (isNarrow ? 0 : 1)] = new PtxCode(checked((int)image.Length), Symbol(distinct[kernel], kernel, isNarrow), texts[i].SharedBytes);
            image.Write(texts[i].Text);
            image.WriteByte(0);
        }

        return new PtxImage
        {
            Bytes = image.ToArray(),
            Kernels = [.. number.Select(n => Describe(distinct[n], codes[2 * n]!, codes[(2 * n) + 1]))],
        };
    }

    private static PtxKernel Describe(Kernel kernel, PtxCode narrow, PtxCode? wide)
    {
        int threads = PtxKernelEmitter.BlockThreads(kernel);
        return new PtxKernel(narrow, wide, threads, threads / kernel.ThreadsPerItem, kernel.Scratch.Count > 0 ? MaximumBlocksWithScratch : MaximumBlocks);
    }

    private static string Symbol(Kernel kernel, int number, bool isNarrow) => KernelCompiler.SymbolOf(kernel, number) + (isNarrow ? "" : "_wide");

    private static (byte[] Text, int SharedBytes)[] CompileAll(
        List<Kernel> kernels, List<(int Kernel, bool IsNarrow)> variants, PtxTarget target, int threads, CodegenOptions options)
    {
        (byte[] Text, int SharedBytes)[] texts = new (byte[], int)[variants.Count];
        int next = -1;
        int done = 0;
        ExceptionDispatchInfo? failure = null;
        void Work()
        {
            try
            {
                using PtxModuleCompiler compiler = new(target, options);
                for (int m; failure is null && (m = Interlocked.Increment(ref next)) < texts.Length;)
                {
                    (int kernel, bool isNarrow) = variants[m];
                    texts[m] = compiler.Compile(kernels[kernel], Symbol(kernels[kernel], kernel, isNarrow), isNarrow);
                    options.Progress?.Invoke(Interlocked.Increment(ref done) * kernels.Count / texts.Length, kernels.Count);
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        Thread[] workers = new Thread[Math.Clamp(threads, 1, Math.Max(1, texts.Length))];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = new Thread(Work, StackBytes) { Name = "dlc codegen", IsBackground = true };
            workers[i].Start();
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        failure?.Throw();
        return texts;
    }
}
