using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Compress: the slices along an axis (of the flat tensor where none is given) whose condition holds.</summary>
internal sealed class CompressOperator : IOnnxOperator
{
    public string Type => "Compress";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        if (!node.HasAttribute("axis"))
        {
            x = node.Shaped(x, [x.Type.Shape.ElementCount(node.Dims)]);
        }

        var axis = node.Axis(node.Int("axis", 0), x.Type.Rank);
        node.SetOutput(0, node.Emit(new Gather(axis), x, NonZeroOperator.Positions(node, node.Input(1))));
    }
}
