using System.CommandLine;
using Dlc.Compiler.Driver;
using Dlc.Compiler.Onnx;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc inspect</c>: the IR as text.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: false);
        var after = new Option<string?>("--after")
        {
            Description = "The pass after which to print; 'import' for the graph as it was read; by default after all",
            HelpName = "PASS",
        };
        var (target, dims, dump) = (CommonOptions.Target(), CommonOptions.Dim(), CommonOptions.Dump());
        var command = new Command("inspect", "Print the intermediate representation of a model") { model, after, target, dims, dump };
        command.SetAction(parsed =>
        {
            var options = new CompileOptions
            {
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dims) ?? [],
                DumpDirectory = parsed.GetValue(dump),
            };
            var path = parsed.GetRequiredValue(model);
            var module = CompileDriver.RunPasses(() => OnnxImporter.Import(path, options.ToImportOptions()), options, parsed.GetValue(after));
            parsed.InvocationConfiguration.Output.Write(GraphText.Print(module.Main));
            return ExitCodes.Good;
        });
        return command;
    }
}
