using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Attention: <c>softmax(softcap(scale * Q * K') + mask) * V</c> for heads <c>[B, H, S, D]</c>, or <c>[B, S, H*D]</c> with the numbers of heads as
/// attributes. Groups of query heads may share a key head; past keys and values go before the new ones. A row that the mask forbids altogether
/// gives 0. Scores are computed in f32 or wider.
/// </summary>
internal sealed class AttentionOperator : IOnnxOperator
{
    public string Type => "Attention";

    public void Import(OnnxNode node)
    {
        var is3D = node.InputType(0).Rank == 3;
        var q = Heads(node, node.Input(0), "q_num_heads");
        var k = WithPast(node, Heads(node, node.Input(1), "kv_num_heads"), 4);
        var v = WithPast(node, Heads(node, node.Input(2), "kv_num_heads"), 5);
        if (node.HasOutput(1))
        {
            node.SetOutput(1, k);
        }

        if (node.HasOutput(2))
        {
            node.SetOutput(2, v);
        }

        // Query heads of one group form an axis of their own, along which keys and values broadcast.
        var shape = q.Type.Shape;
        var (heads, keyHeads) = (shape[1], k.Type.Shape[1]);
        node.Require(heads, Relation.Divisible, keyHeads, "query heads should split over key heads");
        var group = heads.FloorDiv(keyHeads);
        var isSingle = node.Facts.Simplify(group).Is(1);
        var isGrouped = !isSingle && IsHeadAxisKnown(node);
        if (!isSingle && !isGrouped)
        {
            Value Spread(Value value)
            {
                var own = value.Type.Shape;
                var repeated = node.Repeated(node.Unsqueezed(value, 2), [own[0], own[1], group, own[2], own[3]]);
                return node.Shaped(repeated, [own[0], heads, own[2], own[3]]);
            }

            node.RequireEqual(keyHeads * group, heads, "query heads should split over key heads");
            (k, v) = (Spread(k), Spread(v));
        }

        if (isGrouped)
        {
            q = node.Shaped(q, [shape[0], keyHeads, group, shape[2], shape[3]]);
            (k, v) = (node.Unsqueezed(k, 2), node.Unsqueezed(v, 2));
        }

        var compute = Arithmetic.Wide(q.Type.Element);
        var scale = node.HasAttribute("scale")
            ? node.Scalar(compute, node.Float("scale"))
            : node.Over(1, node.Root(node.Number(shape[3], compute)));
        var product = node.Times(node.Emit(new MatMul(compute), q, node.Transposed(k)), scale);
        var capped = product;
        if (node.Float("softcap", 0) is > 0 and var cap)
        {
            capped = node.Times(node.Emit(new Tanh(), node.Over(product, cap)), cap);
        }

        var total = k.Type.Shape[^2];
        var scores = new AttentionMask(node, shape[2], total, isGrouped ? (keyHeads, group) : null).Apply(capped);
        var weights = AttentionMask.Softmax(node, scores);
        var y = node.As(node.Multiplied(node.As(weights, v.Type.Element), v), q.Type.Element);

        Value Ungrouped(Value value) => isGrouped
            ? node.Shaped(value, [shape[0], heads, value.Type.Shape[^2], value.Type.Shape[^1]]) : value;
        if (node.HasOutput(3))
        {
            var seen = node.Int("qk_matmul_output_mode", 0) switch
            {
                0 => product,
                1 => capped,
                2 => scores,
                3 => weights,
                var other => throw node.Error($"expects qk_matmul_output_mode 0 to 3, found {other}"),
            };
            node.SetOutput(3, node.As(Ungrouped(seen), q.Type.Element));
        }

        y = Ungrouped(y);
        node.SetOutput(0, is3D
            ? node.Shaped(node.Permuted(y, 0, 2, 1, 3), [shape[0], shape[2], heads * y.Type.Shape[3]]) : y);
    }

    /// <summary>Whether it is clear how a mask broadcasts along the heads, so that it can follow their split into groups.</summary>
    private static bool IsHeadAxisKnown(OnnxNode node) =>
        !node.HasInput(3) || node.InputType(3) is { Rank: < 3 } || node.InputType(3).Shape[^3].IsConstant;

    /// <summary><c>[B, S, H*D]</c> as <c>[B, H, S, D]</c>; four axes stay.</summary>
    private static Value Heads(OnnxNode node, Value x, string attribute)
    {
        if (x.Type.Rank == 4)
        {
            return x;
        }

        if (x.Type.Rank != 3)
        {
            throw node.Error($"expects [B, H, S, D] or [B, S, H*D], found {x.Type}");
        }

        var heads = node.Dims.Const(node.Int(attribute));
        var shape = x.Type.Shape;
        node.Require(shape[2], Relation.Divisible, heads, $"the last axis should split into {heads} heads");
        return node.Permuted(node.Shaped(x, [shape[0], shape[1], heads, shape[2].FloorDiv(heads)]), 0, 2, 1, 3);
    }

    private static Value WithPast(OnnxNode node, Value current, int input) =>
        node.OptionalInput(input) is { } past ? node.Joined(2, past, current) : current;
}
