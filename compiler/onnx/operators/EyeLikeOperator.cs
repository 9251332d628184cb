using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX EyeLike: a matrix of the input's shape with ones on diagonal k.</summary>
internal sealed class EyeLikeOperator : IOnnxOperator
{
    public string Type => "EyeLike";

    public void Import(OnnxNode node)
    {
        var type = node.InputType(0);
        if (type.Rank != 2)
        {
            throw node.Error($"expects a matrix, found {type}");
        }

        var row = node.Emit(new Iota(ElementType.Int64, [type.Shape[0], node.Dims.One], 0));
        var column = node.Emit(new Iota(ElementType.Int64, [type.Shape[1]], 0));
        var isOne = node.IsEqual(node.Plus(row, node.Int("k", 0)), column);
        node.SetOutput(0, node.As(isOne, node.Element("dtype", type.Element)));
    }
}
