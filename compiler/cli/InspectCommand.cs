using System.CommandLine;
using Dlc.Compiler.Driver;
using Dlc.Compiler.Onnx;
using Dlc.IR.Text;

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
        var tensors = new Option<string?>("--tensors")
        {
            Description = "Write the tensors that are too large for the text to files in this folder, where a reader of the text finds them",
            HelpName = "DIR",
        };
        var (target, dims, dump) = (CommonOptions.Target(), CommonOptions.Dim(), CommonOptions.Dump());
        var limit = CommonOptions.MemoryLimit();
        limit.Description = "As for compile: then the graph says where values may leave memory";
        var command = new Command("inspect", "Print the intermediate representation of a model") { model, after, tensors, limit, target, dims, dump };
        command.SetAction(parsed =>
        {
            var options = new CompileOptions
            {
                MemoryLimit = ByteSize.Limit(parsed, limit),
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dims) ?? [],
                DumpDirectory = parsed.GetValue(dump),
            };
            var path = ModelLoader.RequireOnnx(parsed.GetRequiredValue(model), "inspect");
            var module = CompileDriver.RunPasses(() => OnnxImporter.Import(path, options.ToImportOptions()), options, parsed.GetValue(after));
            var resources = new TensorResources();
            parsed.InvocationConfiguration.Output.Write(GraphPrinter.Print(module, resources));
            if (parsed.GetValue(tensors) is { } folder)
            {
                resources.Save(folder);
            }

            return ExitCodes.Good;
        });
        return command;
    }
}
