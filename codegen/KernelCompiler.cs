using System.Globalization;
using System.Runtime.ExceptionServices;
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

    // Expressions may be deep and are emitted by recursion.
    private const int StackBytes = 512 << 20;

    /// <summary>
    /// Compiles each distinct <see cref="Kernel.StructuralKey"/> once. The image depends on the kernels and the target alone, not on
    /// <paramref name="threads"/>.
    /// </summary>
    /// <exception cref="DlcException">libLLVM is missing, or a kernel cannot be compiled, which is a bug.</exception>
    public static CodeImage Compile(IReadOnlyList<Kernel> kernels, CpuTarget target, int threads, CodegenOptions? options = null)
    {
        LLVMLibrary.EnsureX86();
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

        byte[][] objects = CompileModules(distinct, target, Math.Max(1, threads), options ?? new CodegenOptions());
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
            Entries = [.. number.Select(n => symbols[SymbolOf(distinct[n], n)])],
            Symbols = [.. symbols.Select(s => (s.Key, s.Value)).OrderBy(s => s.Value)],
        };
    }

    /// <summary>The symbol of the distinct kernel <paramref name="number"/>.</summary>
    internal static string SymbolOf(Kernel kernel, int number)
    {
        string name = string.Concat(kernel.Name.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return string.Create(CultureInfo.InvariantCulture, $"dlc_{number}_{name}");
    }

    private static byte[][] CompileModules(List<Kernel> kernels, CpuTarget target, int threads, CodegenOptions options)
    {
        int count = (kernels.Count + KernelsPerModule - 1) / KernelsPerModule;
        byte[][] objects = new byte[count][];
        int next = -1;
        int done = 0;
        ExceptionDispatchInfo? failure = null;
        void Work()
        {
            try
            {
                using ModuleCompiler compiler = new(target, options);
                for (int m; failure is null && (m = Interlocked.Increment(ref next)) < count;)
                {
                    int first = m * KernelsPerModule;
                    List<Kernel> part = kernels.GetRange(first, Math.Min(KernelsPerModule, kernels.Count - first));
                    objects[m] = compiler.Compile(part, first);
                    options.Progress?.Invoke(Interlocked.Add(ref done, part.Count), kernels.Count);
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        Thread[] workers = new Thread[Math.Min(threads, count)];
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
        return objects;
    }
}
