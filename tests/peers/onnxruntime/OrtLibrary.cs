namespace Dlc.Peers.OnnxRuntime;

/// <summary>Where the ONNX Runtime library lies.</summary>
public static class OrtLibrary
{
    private const string Variable = "DLC_ONNXRUNTIME";

    /// <summary>The file named by <c>DLC_ONNXRUNTIME</c>, or else the one from the npm package that <c>tests/fetch</c> brings.</summary>
    public static string Path { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named
        ? named
        : System.IO.Path.Combine(Repository.NodeModules, "onnxruntime-node", "bin", "napi-v6", "linux", "x64", "libonnxruntime.so.1");

    /// <summary>Why there is no library, or null when there is one.</summary>
    public static string? Missing { get; } = File.Exists(Path) ? null : $"ONNX Runtime is not at {Path} (tests/fetch brings it; {Variable} names another)";

    /// <summary>The library's version, such as <c>1.30.0</c>.</summary>
    public static string Version
    {
        get
        {
            _ = OrtApi.Environment;
            return OrtApi.Version;
        }
    }
}
