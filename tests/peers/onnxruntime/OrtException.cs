namespace Dlc.Peers.OnnxRuntime;

/// <summary>What ONNX Runtime said when it refused a model or a run.</summary>
public sealed class OrtException(string message) : Exception(message);
