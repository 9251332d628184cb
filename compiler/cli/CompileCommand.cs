using System.CommandLine;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc compile</c>: from an ONNX model to a <c>.dlcx</c> file.</summary>
internal static class CompileCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: false);
        var output = new Option<string?>("--output", "-o") { Description = "The file to write; by default MODEL.dlcx beside the model", HelpName = "OUT.dlcx" };
        var (target, dims, threads) = (CommonOptions.Target(), CommonOptions.Dim(), CommonOptions.Threads());
        var (dump, times) = (CommonOptions.Dump(), CommonOptions.TimePasses());
        var limit = CommonOptions.MemoryLimit();
        limit.Description = "The most bytes that a run may take wherever none is given for that run; the executable keeps it";
        var command = new Command("compile", "Compile a model to a .dlcx file") { model, output, limit, target, dims, threads, dump, times };
        var training = new TrainingFlags();
        training.AddTo(command);
        command.SetAction(parsed =>
        {
            var path = ModelLoader.RequireOnnx(parsed.GetRequiredValue(model), "compile");
            var options = new CompileOptions
            {
                MemoryLimit = ByteSize.Limit(parsed, limit),
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dims) ?? [],
                Threads = parsed.GetValue(threads),
                DumpDirectory = parsed.GetValue(dump),
            };
            var file = parsed.GetValue(output) ?? Path.ChangeExtension(path, ".dlcx");
            var text = parsed.InvocationConfiguration.Output;
            var how = training.Read(parsed);
            var report = ProgressDisplay.Run(options, watched => how is null
                ? DlcCompiler.CompileToFile(path, file, watched) : DlcCompiler.CompileTrainingToFile(path, how, file, watched));
            Summary.Print(report, text, parsed.GetValue(times));
            text.WriteLine($"wrote {file} ({Summary.Bytes(new FileInfo(file).Length)})");
            return ExitCodes.Good;
        });
        return command;
    }
}
