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
    public static PtxImage Compile(IReadOnlyList<Kernel> kernels, PtxTarget target, int threads, CodegenOptions? options = null)
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

        (byte[] Text, int SharedBytes)[] texts = CompileAll(distinct, target, threads, options);
        using MemoryStream image = new();
        PtxCode[] codes = new PtxCode[texts.Length];
        for (int i = 0; i < texts.Length; i++)
        {
            codes[i] = new PtxCode(checked((int)image.Length), Symbol(distinct[i / 2], i), texts[i].SharedBytes);
            image.Write(texts[i].Text);
            image.WriteByte(0);
        }

        return new PtxImage
        {
            Bytes = image.ToArray(),
            Kernels = [.. number.Select(n => Describe(distinct[n], codes[2 * n], codes[(2 * n) + 1]))],
        };
    }

    private static PtxKernel Describe(Kernel kernel, PtxCode narrow, PtxCode wide)
    {
        int threads = PtxKernelEmitter.BlockThreads(kernel);
        return new PtxKernel(narrow, wide, threads, threads / kernel.ThreadsPerItem, kernel.Scratch.Count > 0 ? MaximumBlocksWithScratch : MaximumBlocks);
    }

    private static string Symbol(Kernel kernel, int index) => KernelCompiler.SymbolOf(kernel, index / 2) + (index % 2 == 0 ? "" : "_wide");

    /// <summary>Two texts a kernel: narrow, then wide.</summary>
    private static (byte[] Text, int SharedBytes)[] CompileAll(List<Kernel> kernels, PtxTarget target, int threads, CodegenOptions options)
    {
        (byte[] Text, int SharedBytes)[] texts = new (byte[], int)[2 * kernels.Count];
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
                    texts[m] = compiler.Compile(kernels[m / 2], Symbol(kernels[m / 2], m), isNarrow: m % 2 == 0);
                    options.Progress?.Invoke(Interlocked.Increment(ref done) / 2, kernels.Count);
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
