using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Flatten: to a matrix, the axes before one as rows and the others as columns.</summary>
internal sealed class FlattenOperator : IOnnxOperator
{
    public string Type => "Flatten";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var given = node.Int("axis", 1);
        var axis = given == shape.Rank ? shape.Rank : node.Axis(given, shape.Rank);
        node.SetOutput(0, node.Emit(
            new Reshape([node.Dims.Product(shape.Dims[..axis]), node.Dims.Product(shape.Dims[axis..])]), node.Input(0)));
    }
}
