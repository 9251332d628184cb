using System.CommandLine;

namespace Dlc.Compiler.Cli;

/// <summary>The commands of <c>dlc</c>.</summary>
internal static class CommandLine
{
    public static int Run(string[] args)
    {
        var root = new RootCommand("dlc compiles an ONNX model once, for all shapes it will ever see, and runs it.");
        root.Add(CompileCommand.Create());
        root.Add(RunCommand.Create());
        root.Add(InspectCommand.Create());
        root.Add(ExplainCommand.Create());
        root.Add(BenchCommand.Create());
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                Console.Error.WriteLine($"usage error: {error.Message}");
            }

            Console.Error.WriteLine($"Try '{Name(parsed)} --help'.");
            return ExitCodes.Usage;
        }

        return ErrorReport.Guard(() => parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false }), Console.Error);
    }

    private static string Name(ParseResult parsed) =>
        parsed.CommandResult.Command is RootCommand ? "dlc" : $"dlc {parsed.CommandResult.Command.Name}";
}
