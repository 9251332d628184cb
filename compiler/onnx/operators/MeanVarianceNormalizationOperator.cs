using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX MeanVarianceNormalization: <c>(x - mean) / (standard deviation + 1e-9)</c> over axes, by default all but the channels.</summary>
internal sealed class MeanVarianceNormalizationOperator : IOnnxOperator
{
    public string Type => "MeanVarianceNormalization";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var axes = node.Axes(node.IntsOrNull("axes") ?? [0, 2, 3], input.Type.Rank);
        node.SetOutput(0, node.InWide(input, x =>
        {
            var centred = node.Minus(x, node.Mean(x, axes));
            var deviation = node.Root(node.Mean(node.Square(centred), axes));
            return node.Over(centred, node.Plus(deviation, 1e-9));
        }));
    }
}
