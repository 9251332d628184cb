namespace Dlc.Compiler.Onnx;

/// <summary>
/// Imports one ONNX operator (or a family of one pattern): reads attributes and inputs of a node and emits IR operators for it. One line in
/// <see cref="OnnxCatalogue"/> adds it. What it does to small shape tensors whose elements are known as dims is not its business: an
/// <see cref="ISymbolicOperator"/> of the same type goes first where all that it needs is known.
/// </summary>
public interface IOnnxOperator
{
    /// <summary>The operator's domain; empty for ONNX's own.</summary>
    string Domain => string.Empty;

    /// <summary>The operator's name, as <c>Add</c>.</summary>
    string Type { get; }

    /// <summary>
    /// Emits IR for the node and sets each output that is wanted. Problems are thrown as <see cref="OnnxNode.Error"/> (the model is wrong) or
    /// <see cref="OnnxNode.Unsupported"/> (the model is right, but this is not implemented; all of these are reported together).
    /// </summary>
    void Import(OnnxNode node);
}
