using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX NonMaxSuppression: triples (image, class, box) of the boxes that stay, as many as there are at run time.</summary>
internal sealed class NonMaxSuppressionOperator : IOnnxOperator
{
    public string Type => "NonMaxSuppression";

    public void Import(OnnxNode node)
    {
        var element = node.InputType(0).Element;
        Value Scalar(int input, ElementType type, double otherwise) => node.OptionalInput(input) is { } given
            ? node.As(node.Shaped(given, []), type) : node.Scalar(type, otherwise);
        var found = node.EmitNode(new NonMaxSuppression(node.Flag("center_point_box")),
            [
                node.Input(0), node.Input(1), Scalar(2, ElementType.Int64, 0), Scalar(3, element, 0),
                Scalar(4, element, double.NegativeInfinity),
            ]).Outputs;
        var count = node.Bind(node.Shaped(node.Sum(found[1], 0, 1), []), "count");
        node.SetOutput(0, node.Emit(new SelectedBoxes(count), found[0], found[1]));
    }
}
