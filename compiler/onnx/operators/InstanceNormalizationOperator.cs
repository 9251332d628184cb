using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX InstanceNormalization of <c>[N, C, spatial...]</c> over the spatial axes, with a scale and a bias per channel.</summary>
internal sealed class InstanceNormalizationOperator : IOnnxOperator
{
    public string Type => "InstanceNormalization";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var rank = input.Type.Rank;
        if (rank < 2)
        {
            throw node.Error($"expects [N, C, spatial...], found {input.Type}");
        }

        var x = node.Widened(input);
        var (normal, _, _) = LayerNormalizationOperator.Normalize(
            node, x, node.Float("epsilon", 1e-5f), [.. Enumerable.Range(2, rank - 2)]);
        Value PerChannel(int i) => node.Along(node.As(node.Input(i), x.Type.Element), 1, rank);
        node.SetOutput(0, node.As(node.Plus(node.Times(normal, PerChannel(1)), PerChannel(2)), input.Type.Element));
    }
}
