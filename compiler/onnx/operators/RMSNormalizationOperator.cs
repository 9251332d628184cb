using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX RMSNormalization over an axis and all after it, in f32 or wider: <c>x / sqrt(mean(x^2) + epsilon) * scale</c>.</summary>
internal sealed class RMSNormalizationOperator : IOnnxOperator
{
    public string Type => "RMSNormalization";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var rank = input.Type.Rank;
        var axis = node.Axis(node.Int("axis", -1), rank);
        var x = node.Widened(input);
        var square = node.Mean(node.Square(x), Enumerable.Range(axis, rank - axis));
        var inverse = node.Over(1, node.Root(node.Plus(square, node.Float("epsilon", 1e-5f))));
        var scale = node.Input(1);
        var y = node.Times(node.Times(x, inverse), node.As(scale, x.Type.Element));
        node.SetOutput(0, node.As(y, scale.Type.Element));
    }
}
