namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>ONNX Shape, with the slice that opset 15 allows.</summary>
internal sealed class ShapeOperator : ISymbolicOperator
{
    public string Type => "Shape";

    public bool TryFollow(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var start = Clamp(node.Int("start", 0), shape.Rank);
        var end = Clamp(node.Int("end", shape.Rank), shape.Rank);
        node.SetOutput(0, SymbolicTensor.Vector(start < end ? shape.Dims[start..end] : []));
        return true;
    }

    private static int Clamp(long index, int rank) => (int)Math.Clamp(index < 0 ? index + rank : index, 0, rank);
}
