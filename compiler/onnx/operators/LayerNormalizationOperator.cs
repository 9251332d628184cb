using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX LayerNormalization over an axis and all after it, in f32 or wider: <c>(x - mean) / sqrt(variance + epsilon) * scale + bias</c>; the
/// mean and <c>1 / sqrt(variance + epsilon)</c> are outputs too.
/// </summary>
internal sealed class LayerNormalizationOperator : IOnnxOperator
{
    public string Type => "LayerNormalization";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var rank = input.Type.Rank;
        var axis = node.Axis(node.Int("axis", -1), rank);
        var x = node.Widened(input);
        var (normal, mean, inverse) = Normalize(node, x, node.Float("epsilon", 1e-5f), [.. Enumerable.Range(axis, rank - axis)]);
        var y = node.Times(normal, node.As(node.Input(1), x.Type.Element));
        if (node.OptionalInput(2) is { } bias)
        {
            y = node.Plus(y, node.As(bias, x.Type.Element));
        }

        node.SetOutput(0, node.As(y, input.Type.Element));
        var statistics = node.Element("stash_type", ElementType.Float32);
        if (node.HasOutput(1))
        {
            node.SetOutput(1, node.As(mean, statistics));
        }

        if (node.HasOutput(2))
        {
            node.SetOutput(2, node.As(inverse, statistics));
        }
    }

    /// <summary>The normalised value, the mean and the inverse standard deviation over axes (kept as 1).</summary>
    public static (Value Normal, Value Mean, Value Inverse) Normalize(OnnxNode node, Value x, double epsilon, int[] axes)
    {
        var mean = node.Mean(x, axes);
        var centred = node.Minus(x, mean);
        var variance = node.Mean(node.Square(centred), axes);
        var inverse = node.Over(1, node.Root(node.Plus(variance, epsilon)));
        return (node.Times(centred, inverse), mean, inverse);
    }
}
