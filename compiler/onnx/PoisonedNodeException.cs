namespace Dlc.Compiler.Onnx;

/// <summary>A node cannot be imported because something inside it could not, which is noted already.</summary>
internal sealed class PoisonedNodeException : Exception;
