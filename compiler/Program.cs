using System.Runtime.CompilerServices;

namespace Dlc.Compiler;

/// <summary>The entry of the <c>dlc</c> command.</summary>
public static class Program
{
    public static int Main(string[] args)
    {
        // The version is asked for by scripts: answered before any library is loaded.
        if (args is ["--version"])
        {
            Console.Out.Write($"dlc {Version}\n");
            return 0;
        }

        return Run(args);
    }

    /// <summary>The version of the compiler, as <c>0.1.0</c>.</summary>
    internal static string Version => typeof(Program).Assembly.GetName().Version!.ToString(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] args) => Cli.CommandLine.Run(args, Console.Out, Console.Error);
}
