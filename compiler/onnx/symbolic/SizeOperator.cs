namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>ONNX Size: the number of elements.</summary>
internal sealed class SizeOperator : ISymbolicOperator
{
    public string Type => "Size";

    public bool TryFollow(OnnxNode node)
    {
        node.SetOutput(0, SymbolicTensor.Scalar(node.InputType(0).Shape.ElementCount(node.Dims)));
        return true;
    }
}
