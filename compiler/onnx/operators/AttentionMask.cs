using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// What keeps a query of ONNX Attention from seeing a key: the mask input, causality, padding of the keys and a local window. The places are combined
/// as bools, so that one choice between score and minus infinity is left.
/// </summary>
/// <param name="node">The Attention node.</param>
/// <param name="queries">Number of queries.</param>
/// <param name="keys">Number of keys, past ones included.</param>
/// <param name="groups">Key heads and query heads for each, where the scores have an axis for both; else null.</param>
internal sealed class AttentionMask(OnnxNode node, Dim queries, Dim keys, (Dim Keys, Dim Group)? groups)
{
    /// <summary>The scores with the mask added and forbidden places at minus infinity.</summary>
    public Value Apply(Value scores)
    {
        Value? allowed = null;
        void Allow(Value condition) => allowed = allowed is null ? condition : node.Emit(new And(), allowed, condition);

        if (node.OptionalInput(3) is { } mask)
        {
            var full = Fitted(Padded(mask));
            if (full.Type.Element == ElementType.Bool)
            {
                Allow(full);
            }
            else
            {
                scores = node.Plus(scores, node.As(full, scores.Type.Element));
            }
        }

        var isCausal = node.Flag("is_causal");
        var left = node.Int("left_window_size", -1);
        var right = node.Int("right_window_size", -1);
        if (isCausal || left >= 0 || right >= 0)
        {
            // Query i stands at key i + offset, offset keys being there before the first query.
            var row = node.Emit(new Iota(ElementType.Int64, [queries, node.Dims.One], 0));
            var key = node.Emit(new Iota(ElementType.Int64, [keys], 0));
            var position = node.HasInput(4) ? node.Plus(row, node.Scalar(node.InputType(4).Shape[2]))
                : node.OptionalInput(6) is { } valid ? node.Plus(row, PerBatch(node.Minus(valid, node.Scalar(queries))))
                : row;
            if (isCausal)
            {
                Allow(node.Emit(new LessOrEqual(), key, position));
            }

            if (left >= 0)
            {
                Allow(node.Emit(new LessOrEqual(), node.Plus(position, -left), key));
            }

            if (right >= 0)
            {
                Allow(node.Emit(new LessOrEqual(), key, node.Plus(position, right)));
            }
        }

        if (node.OptionalInput(6) is { } lengths)
        {
            Allow(node.IsLess(node.Emit(new Iota(ElementType.Int64, [keys], 0)), PerBatch(lengths)));
        }

        return allowed is null ? scores : node.Choose(allowed, scores, double.NegativeInfinity);
    }

    /// <summary>The softmax along the last axis; 0 in rows that are all minus infinity.</summary>
    public static Value Softmax(OnnxNode node, Value scores)
    {
        var axis = scores.Type.Rank - 1;
        var isMasked = node.HasInput(3) || node.HasInput(6) || node.Flag("is_causal") || node.HasAttribute("left_window_size");
        if (!isMasked)
        {
            return SoftmaxOperator.Softmax(node, scores, axis);
        }

        var greatest = node.Reduced(ReduceKind.Max, scores, axis);
        var shift = node.Choose(node.Emit(new IsInf(Negative: true, Positive: false), greatest), 0, greatest);
        var exp = node.Exponential(node.Minus(scores, shift));
        var sum = node.Sum(exp, axis);
        return node.Over(exp, node.Choose(node.IsEqual(sum, 0), 1, sum));
    }

    /// <summary>A number per batch entry, as it broadcasts to the scores.</summary>
    private Value PerBatch(Value list) => node.Along(list, 0, groups is null ? 4 : 5);

    /// <summary>A mask over fewer keys forbids the rest.</summary>
    private Value Padded(Value mask)
    {
        if (mask.Type.Rank is < 1 or > 4)
        {
            throw node.Error($"expects a mask of 1 to 4 axes, found {mask.Type}");
        }

        var missing = node.Facts.Simplify(keys - mask.Type.Shape[^1]);
        if (missing.Is(0))
        {
            return mask;
        }

        node.Require(mask.Type.Shape[^1], Relation.LessOrEqual, keys, "the mask should not be longer than the keys");
        var begins = Enumerable.Repeat(node.Dims.Zero, mask.Type.Rank).ToArray();
        var ends = begins.ToArray();
        ends[^1] = missing;
        var value = mask.Type.Element == ElementType.Bool ? 0 : double.NegativeInfinity;
        return node.Emit(new Pad(PadMode.Constant, [.. begins], [.. ends]), mask, node.Scalar(mask.Type.Element, value));
    }

    /// <summary>The mask with its axis of heads split as that of the scores is.</summary>
    private Value Fitted(Value mask)
    {
        if (mask.Type.Rank < 3 || groups is not { } split)
        {
            return mask;
        }

        var shape = mask.Type.Shape;
        var heads = shape[^3];
        Dim[] parts = heads.Is(1) ? [heads, heads] : [split.Keys, split.Group];
        return node.Shaped(mask, new Shape([.. shape.Dims[..^3], .. parts, shape[^2], shape[^1]]));
    }
}
