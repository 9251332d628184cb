using System.CommandLine;
using Dlc.Compiler.Training;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc export</c>: trained parameters back into an ONNX model.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: false);
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "A .safetensors file that dlc train wrote" };
        var output = new Argument<string>("OUT") { Description = "The ONNX model to write" };
        var command = new Command("export", "Write an ONNX model with the parameters of a checkpoint") { model, checkpoint, output };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(output);
            var count = TrainedModel.Write(
                ModelLoader.RequireOnnx(parsed.GetRequiredValue(model), "export"), parsed.GetRequiredValue(checkpoint), path);
            parsed.InvocationConfiguration.Output.WriteLine($"wrote {path} with {count} trained initializers ({Summary.Bytes(new FileInfo(path).Length)})");
            return ExitCodes.Good;
        });
        return command;
    }
}
