using Dlc.Peers.OnnxRuntime;

namespace Dlc.Peers;

/// <summary>The engines by name.</summary>
public static class Engines
{
    /// <summary>The engine called <paramref name="name"/>: <c>dlc</c> or <c>ort</c>.</summary>
    /// <exception cref="ArgumentException">There is no such engine, or it is not installed.</exception>
    public static IEngine Create(string name) => name switch
    {
        "dlc" => new DlcEngine(),
        "ort" when OrtLibrary.Missing is { } reason => throw new ArgumentException(reason),
        "ort" => new OrtEngine(),
        _ => throw new ArgumentException($"unknown engine '{name}' (dlc or ort)"),
    };
}
