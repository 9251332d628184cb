namespace Dlc.Compiler.Onnx;

/// <summary>
/// Follows an ONNX operator on tensors whose elements are known as dims or numbers (see <see cref="SymbolicTensor"/>), so that shape
/// arithmetic never becomes code. An operator may be followed, imported, or both: following goes first.
/// </summary>
public interface ISymbolicOperator
{
    /// <summary>The operator's name in ONNX's own domain.</summary>
    string Type { get; }

    /// <summary>
    /// Sets the outputs' contents when they can be known; otherwise returns false and leaves the node as it was, and it is imported as
    /// computation on data.
    /// </summary>
    bool TryFollow(OnnxNode node);
}
