using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX LinearAttention (opset 27) with its update rules linear, gated, delta and gated_delta. Queries, keys and values come packed as
/// <c>[B, T, heads*width]</c>; decay (a logarithm) is given per key row or per head, beta per head or once.
/// </summary>
internal sealed class LinearAttentionOperator : IOnnxOperator
{
    public string Type => "LinearAttention";

    public void Import(OnnxNode node)
    {
        var rule = node.String("update_rule", "gated_delta");
        if (rule is not ("linear" or "gated" or "delta" or "gated_delta"))
        {
            throw node.Error($"has update_rule '{rule}'");
        }

        var (hasDecay, hasBeta) = (rule is "gated" or "gated_delta", rule is "delta" or "gated_delta");
        var (queries, heads) = (node.Dims.Const(node.Int("q_num_heads")), node.Dims.Const(node.Int("kv_num_heads")));
        var (q, k, v) = (Unpacked(node, 0, queries), Unpacked(node, 1, heads), Unpacked(node, 2, heads));
        Dim batch = q.Type.Shape[0], steps = q.Type.Shape[1], depth = k.Type.Shape[3];
        var type = q.Type.Element;
        var scale = node.Float("scale", 0);
        q = scale != 0 ? node.Times(q, scale) : node.Over(q, node.Root(node.Number(depth, type)));
        Shape state = [batch, heads, depth, v.Type.Shape[3]];
        var past = node.OptionalInput(3) is { } given ? node.As(given, type) : node.Repeated(node.Scalar(type, 0), state);
        var inputs = new List<Value> { q, k, v, past };
        if (hasDecay)
        {
            var decay = node.Exponential(node.Widened(node.Input(4)));
            var isPerHead = node.Facts.ProveEqual(decay.Type.Shape[2], heads * depth) != Proof.True;
            inputs.Add(node.Repeated(node.Shaped(decay, [batch, steps, heads, isPerHead ? node.Dims.One : depth]), [batch, steps, heads, depth]));
        }

        if (hasBeta)
        {
            inputs.Add(node.Repeated(node.Widened(node.Input(5)), [batch, steps, heads]));
        }

        var outputs = node.EmitNode(new LinearAttention(hasDecay, hasBeta), [.. inputs]).Outputs;
        node.SetOutput(0, node.As(node.Shaped(outputs[0], [batch, steps, queries * v.Type.Shape[3]]), node.InputType(0).Element));
        node.SetOutput(1, node.As(outputs[1], node.InputType(node.HasInput(3) ? 3 : 0).Element));
    }

    /// <summary>A packed input as <c>[B, T, heads, width]</c>.</summary>
    private static Value Unpacked(OnnxNode node, int input, Dim heads)
    {
        var x = node.Widened(node.Input(input));
        if (x.Type.Rank != 3)
        {
            throw node.Error($"expects [B, T, heads*width] as input {input}, found {x.Type}");
        }

        var shape = x.Type.Shape;
        node.Require(shape[2], Relation.Divisible, heads, "width of the heads");
        return node.Shaped(x, [shape[0], shape[1], heads, shape[2].FloorDiv(heads)]);
    }
}
