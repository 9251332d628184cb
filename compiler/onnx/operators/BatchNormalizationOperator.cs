using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX BatchNormalization of <c>[N, C, spatial...]</c>. In inference one factor and one summand per channel, which fold into a convolution
/// before it; in training mode (opset 14) with the statistics of the batch, and running statistics as outputs.
/// </summary>
internal sealed class BatchNormalizationOperator : IOnnxOperator
{
    public string Type => "BatchNormalization";

    public void Import(OnnxNode node)
    {
        if (node.Opset < 9 && !node.Flag("spatial", true))
        {
            throw node.Unsupported("spatial = 0");
        }

        var input = node.Input(0);
        var rank = input.Type.Rank;
        if (rank < 1 || Enumerable.Range(1, 4).Any(i => node.InputType(i).Rank != 1))
        {
            throw node.Error($"expects [N, C, spatial...] and vectors [C], found {input.Type}");
        }

        var x = node.Widened(input);
        var element = x.Type.Element;
        Value Parameter(int i) => node.As(node.Input(i), element);
        var (scale, bias, mean, variance) = (Parameter(1), Parameter(2), Parameter(3), Parameter(4));
        var isTraining = node.Opset >= 14 && node.Flag("training_mode");
        if (isTraining)
        {
            int[] axes = [0, .. Enumerable.Range(2, Math.Max(rank - 2, 0))];
            var batchMean = node.Mean(x, axes);
            var batchVariance = node.Squeezed(node.Mean(node.Square(node.Minus(x, batchMean)), axes), axes);
            batchMean = node.Squeezed(batchMean, axes);
            var momentum = node.Float("momentum", 0.9f);
            Value Running(Value old, Value current) => node.Plus(node.Times(old, momentum), node.Times(current, 1.0 - momentum));
            SetStatistic(node, 1, Running(mean, batchMean));
            SetStatistic(node, 2, Running(variance, batchVariance));
            (mean, variance) = (batchMean, batchVariance);
        }
        else
        {
            // Old models list the statistics as outputs without training: they stay what they are.
            for (var output = 1; output <= 4; output++)
            {
                node.SetOutput(output, node.Argument(output is 1 or 3 ? 3 : 4));
            }
        }

        var factor = node.Over(scale, node.Root(node.Plus(variance, node.Float("epsilon", 1e-5f))));
        var summand = node.Minus(bias, node.Times(mean, factor));
        Value PerChannel(Value vector) => rank == 1 ? vector : node.Along(vector, 1, rank);
        var y = node.Plus(node.Times(x, PerChannel(factor)), PerChannel(summand));
        node.SetOutput(0, node.As(y, input.Type.Element));
    }

    private static void SetStatistic(OnnxNode node, int output, Value value)
    {
        if (node.HasOutput(output))
        {
            node.SetOutput(output, node.As(value, node.InputType(output + 2).Element));
        }
    }
}
