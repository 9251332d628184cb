using System.Runtime.ExceptionServices;

namespace Dlc.Codegen;

/// <summary>Spreads compilation over threads, each with a compiler of its own: LLVM's target machines are not shared.</summary>
internal static class CompilerThreads
{
    // Expressions may be deep and are emitted by recursion.
    private const int StackBytes = 512 << 20;

    /// <summary>Makes the results [0, <paramref name="count"/>). The first exception of a thread ends them all and is thrown.</summary>
    internal static TResult[] Run<TCompiler, TResult>(int count, int threads, Func<TCompiler> start, Func<TCompiler, int, TResult> compile)
        where TCompiler : IDisposable
    {
        TResult[] results = new TResult[count];
        int next = -1;
        ExceptionDispatchInfo? failure = null;
        void Work()
        {
            try
            {
                using TCompiler compiler = start();
                for (int i; failure is null && (i = Interlocked.Increment(ref next)) < count;)
                {
                    results[i] = compile(compiler, i);
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        Thread[] workers = new Thread[Math.Min(Math.Max(1, threads), count)];
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
        return results;
    }
}
