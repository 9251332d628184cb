using System.CommandLine;

namespace Dlc.Compiler.Cli;

/// <summary>The commands of <c>dlc</c>.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs; returns the exit code of the process.</summary>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var root = new RootCommand("dlc compiles an ONNX model once, for all shapes it will ever see, and runs it.");
        root.Add(CompileCommand.Create());
        root.Add(RunCommand.Create());
        root.Add(InspectCommand.Create());
        root.Add(ExplainCommand.Create());
        root.Add(BenchCommand.Create());
        root.Add(MemoryCommand.Create());
        root.Add(TrainCommand.Create());
        root.Add(ExportCommand.Create());
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var mistake in parsed.Errors)
            {
                error.WriteLine($"usage error: {mistake.Message}");
            }

            error.WriteLine($"Try '{Name(parsed)} --help'.");
            return ExitCodes.Usage;
        }

        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output, Error = error };
        return ErrorReport.Guard(() => parsed.Invoke(configuration), error);
    }

    private static string Name(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "dlc" : $"dlc {parsed.CommandResult.Command.Name}";
}
