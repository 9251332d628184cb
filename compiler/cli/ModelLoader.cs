using Dlc.IR.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Cli;

/// <summary>Gets a model ready to run: an ONNX file is compiled in memory, a <c>.dlcx</c> file is loaded.</summary>
internal static class ModelLoader
{
    /// <summary>The model, and the figures of its compilation where there was one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How an ONNX file is compiled.</param>
    /// <param name="training">Compile its training step, which for an executable was decided when it was made; null for the model itself.</param>
    public static (CompiledModel Model, CompileReport? Report) Load(string path, CompileOptions options, TrainingOptions? training = null)
    {
        if (IsExecutable(path))
        {
            if (training is not null)
            {
                throw new DlcException(ErrorCodes.BadOption, $"'{path}' is compiled already: --train needs the ONNX model it came from");
            }

            // Loading maps the constants without reading them. A person's run can wait for the look that a service's start cannot.
            var model = CompiledModel.Load(path);
            try
            {
                ExecutableReader.VerifyConstants(path);
            }
            catch
            {
                model.Dispose();
                throw;
            }

            return (model, null);
        }

        var compilation = ProgressDisplay.Run(options, watched => training is null ? DlcCompiler.Build(path, watched) : DlcCompiler.BuildTraining(path, training, watched));
        return (compilation.Load(), compilation.Report);
    }

    /// <summary>Refuses a file that is compiled already, for commands that look into the compiler.</summary>
    /// <exception cref="DlcException">BadModel.</exception>
    public static string RequireOnnx(string path, string command) => File.Exists(path) && IsExecutable(path)
        ? throw new DlcException(ErrorCodes.BadModel, $"'{path}' is compiled already; dlc {command} needs the ONNX model it came from") : path;

    private static bool IsExecutable(string path)
    {
        if (path.EndsWith(".dlcx", StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        Span<byte> start = stackalloc byte[5];
        using var file = File.OpenRead(path);
        return file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && start[0] == 0x89 && start[1..].SequenceEqual("DLCX"u8);
    }
}
