using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX GroupNormalization of <c>[N, C, spatial...]</c> over the channels of a group and the spatial axes. Scale and bias are per channel; in
/// opset 18 they were per group.
/// </summary>
internal sealed class GroupNormalizationOperator : IOnnxOperator
{
    public string Type => "GroupNormalization";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var (shape, rank) = (input.Type.Shape, input.Type.Rank);
        var groups = node.Int("num_groups");
        if (rank < 2 || groups < 1)
        {
            throw node.Error($"expects [N, C, spatial...] and a positive number of groups, found {input.Type} and {groups}");
        }

        node.Require(shape[1], Relation.Divisible, node.Dims.Const(groups), "channels should split into the groups");
        var perGroup = shape[1].FloorDiv(groups);
        var x = node.Shaped(node.Widened(input), new Shape([shape[0], node.Dims.Const(groups), perGroup, .. shape.Dims[2..]]));
        var (normal, _, _) = LayerNormalizationOperator.Normalize(
            node, x, node.Float("epsilon", 1e-5f), [.. Enumerable.Range(2, rank - 1)]);
        var isPerGroup = node.Opset < 21;
        if (!isPerGroup)
        {
            normal = node.Shaped(normal, shape);
        }

        Value Per(int i) => node.Along(node.As(node.Input(i), x.Type.Element), 1, normal.Type.Rank);
        var y = node.Plus(node.Times(normal, Per(1)), Per(2));
        node.SetOutput(0, node.As(node.Shaped(y, shape), input.Type.Element));
    }
}
