using Dlc.Runtime;

namespace Dlc.Compiler.Cli;

/// <summary>Gets a model ready to run: an ONNX file is compiled in memory, a <c>.dlcx</c> file is loaded.</summary>
internal static class ModelLoader
{
    /// <summary>The model, and the figures of its compilation where there was one.</summary>
    public static (CompiledModel Model, CompileReport? Report) Load(string path, CompileOptions options)
    {
        if (IsExecutable(path))
        {
            return (CompiledModel.Load(path), null);
        }

        var compilation = ProgressDisplay.Run(options, watched => DlcCompiler.Build(path, watched));
        return (compilation.Load(), compilation.Report);
    }

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
