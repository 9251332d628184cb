using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss of <c>[N, C, D...]</c> against class numbers <c>[N, D...]</c>, with optional weights per
/// class and a class to ignore; the latter takes logits and also gives the log-probabilities.
/// </summary>
internal sealed class NegativeLogLikelihoodOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var target = node.As(node.Input(1), ElementType.Int64);
        var x = node.Widened(input);
        if (type == "SoftmaxCrossEntropyLoss")
        {
            x = x.Type.Rank < 2 ? throw node.Error($"expects [N, C, D...], found {x.Type}") : SoftmaxOperator.LogSoftmax(node, x, 1);
            if (node.HasOutput(1))
            {
                node.SetOutput(1, node.As(x, input.Type.Element));
            }
        }

        if (x.Type.Rank < 2 || target.Type.Rank != x.Type.Rank - 1)
        {
            throw node.Error($"expects [N, C, D...] and classes [N, D...], found {x.Type} and {target.Type}");
        }

        Value? isCounted = null;
        if (node.HasAttribute("ignore_index"))
        {
            var isIgnored = node.IsEqual(target, node.Scalar(ElementType.Int64, node.Int("ignore_index")));
            isCounted = node.Emit(new Not(), isIgnored);

            // An ignored class may be no class at all; any number that is one will do there.
            target = node.Choose(isIgnored, 0, target);
        }

        var picked = node.Squeezed(node.Emit(new GatherElements(1), x, node.Unsqueezed(target, 1)), 1);
        Value? weight = node.HasInput(2) ? node.Emit(new Gather(0), node.As(node.Input(2), x.Type.Element), target) : null;
        if (isCounted is not null)
        {
            weight = weight is null ? node.As(isCounted, x.Type.Element) : node.Choose(isCounted, weight, 0);
        }

        var loss = node.Negative(picked);
        if (weight is not null)
        {
            loss = isCounted is null ? node.Times(loss, weight) : node.Choose(isCounted, node.Times(loss, weight), 0);
        }

        var all = Enumerable.Range(0, loss.Type.Rank).ToArray();
        Value Total(Value value) => node.Shaped(node.Sum(value, all), []);
        node.SetOutput(0, node.As(node.String("reduction", "mean") switch
        {
            "none" => loss,
            "sum" => Total(loss),
            "mean" when weight is null => node.Shaped(node.Mean(loss, all), []),
            "mean" => node.Over(Total(loss), Total(weight!)),
            var other => throw node.Error($"expects reduction none, sum or mean, found '{other}'"),
        }, input.Type.Element));
    }
}
