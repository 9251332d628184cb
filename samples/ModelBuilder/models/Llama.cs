using Dlc.Compiler.Onnx.Proto;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelBuilder;

/// <summary>
/// A decoder in the style of Llama 2 (Touvron et al., 2023) as PyTorch's exporter writes Hugging Face's module: decomposed RMSNorm, rotary
/// embeddings computed from position ids, grouped keys and values repeated through Expand, a causal mask from Range and Greater joined
/// with the attention mask, and a SwiGLU feed-forward part. In bfloat16, norms and softmax are computed in float32, as that module does it.
/// </summary>
internal static class Llama
{
    public static ModelProto Build(LlamaConfig config)
    {
        var g = new GraphBuilder("llama", opset: 17, config.Seed)
        {
            Element = config.IsBfloat16 ? DataType.Bfloat16 : DataType.Float,
            IsDeclaredOnly = config.IsDeclaredOnly,
        };
        var head = config.Width / config.Heads;
        var total = config.Past ? "past + sequence" : "sequence";
        var ids = g.Input("input_ids", DataType.Int64, "batch", "sequence");
        var mask = g.Input("attention_mask", DataType.Int64, "batch", total);
        var positions = g.Input("position_ids", DataType.Int64, "batch", "sequence");
        var past = new List<(string Key, string Value)>();
        for (var layer = 0; config.Past && layer < config.Layers; layer++)
        {
            past.Add((PastInput($"past_key_values.{layer}.key"), PastInput($"past_key_values.{layer}.value")));
        }

        var present = new List<(string Key, string Value)>();
        string x;
        using (g.Scope("model"))
        {
            x = g.Add("Gather", [g.Weight("embed_tokens.weight", [config.Vocabulary, config.Width], 1), ids]);
            var bias = Mask(g, ids, mask, config.Past ? past[0].Key : null);
            var rotary = Rotary(g, config, positions);
            for (var layer = 0; layer < config.Layers; layer++)
            {
                using var _ = g.Scope($"layers.{layer}");
                x = Block(g, config, x, bias, rotary, config.Past ? past[layer] : null, present);
            }

            x = g.RmsNorm(x, "norm", config.Width, 1e-5f);
        }

        var logits = g.Cast(g.Linear(x, "lm_head", config.Width, config.Vocabulary, bias: false, gain: 4), g.Element, DataType.Float);
        g.Output("logits", logits, DataType.Float, "batch", "sequence", $"{config.Vocabulary}");
        for (var layer = 0; config.Present && layer < config.Layers; layer++)
        {
            g.Output($"present.{layer}.key", present[layer].Key, g.Element, "batch", $"{config.KeyHeads}", total, $"{head}");
            g.Output($"present.{layer}.value", present[layer].Value, g.Element, "batch", $"{config.KeyHeads}", total, $"{head}");
        }

        return g.Finish();

        string PastInput(string name) => g.Input(name, g.Element, "batch", $"{config.KeyHeads}", "past", $"{head}");
    }

    // [batch, 1, sequence, past + sequence]: the lowest float where a key lies in the future or is masked, else 0.
    private static string Mask(GraphBuilder g, string ids, string mask, string? pastKey)
    {
        var sequence = g.Size(ids, 1);
        var start = pastKey is null ? g.Int(0) : g.Size(pastKey, 2);
        var end = g.Add("Add", [start, sequence]);
        var rows = g.Unsqueeze(g.Add("Range", [start, end, g.Int(1)]), 1);
        var columns = g.Unsqueeze(g.Add("Range", [g.Int(0), end, g.Int(1)]), 0);
        var future = g.Unsqueeze(g.Add("Greater", [columns, rows]), 0, 1);
        var hidden = g.Add("Equal", [g.Unsqueeze(mask, 1, 2), g.Int(0)]);
        var shape = g.Vector(g.Size(ids, 0), 1, sequence, end);
        var either = g.Add("Or", [g.Add("Expand", [future, shape]), hidden]);
        return g.Add("Where", [either, g.Number(Lowest(g.Element)), g.Number(0)]);
    }

    // Cosine and sine of every position's angles, [batch, 1, sequence, head] each.
    private static (string Cos, string Sin) Rotary(GraphBuilder g, LlamaConfig config, string positions)
    {
        using var _ = g.Scope("rotary_emb");
        var half = config.Width / config.Heads / 2;
        var frequencies = new float[half];
        for (var i = 0; i < half; i++)
        {
            frequencies[i] = (float)Math.Pow(config.RotaryBase, -(double)i / half);
        }

        var table = g.Weight("inv_freq", [1, half, 1], frequencies);
        var expanded = g.Add("Expand", [table, g.Vector(g.Size(positions, 0), half, 1)]);
        var wide = g.Add("Cast", [g.Unsqueeze(positions, 1)], ("to", (long)DataType.Float));
        var angles = g.Transpose(g.Add("MatMul", [expanded, wide]), 0, 2, 1);
        var both = g.Unsqueeze(g.Add("Concat", [angles, angles], ("axis", -1L)), 1);
        return (g.Cast(g.Add("Cos", [both]), DataType.Float, g.Element), g.Cast(g.Add("Sin", [both]), DataType.Float, g.Element));
    }

    // The lowest bfloat16 keeps the upper half of the lowest float's bits.
    private static float Lowest(DataType element) =>
        element == DataType.Float ? float.MinValue : BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(float.MinValue) & 0xFFFF0000);

    private static string Block(
        GraphBuilder g, LlamaConfig config, string x, string bias, (string Cos, string Sin) rotary, (string Key, string Value)? past, List<(string Key, string Value)> present)
    {
        var normal = g.RmsNorm(x, "input_layernorm", config.Width, 1e-5f);
        using (g.Scope("self_attn"))
        {
            var context = Attention(g, config, normal, bias, rotary, past, present);
            x = g.Add("Add", [x, g.Linear(context, "o_proj", config.Width, config.Width, bias: false, gain: 0.5)]);
        }

        normal = g.RmsNorm(x, "post_attention_layernorm", config.Width, 1e-5f);
        using var _ = g.Scope("mlp");
        var gate = g.Linear(normal, "gate_proj", config.Width, config.Inner, bias: false);
        var up = g.Linear(normal, "up_proj", config.Width, config.Inner, bias: false);
        var silu = g.Add("Mul", [gate, g.Add("Sigmoid", [gate])]);
        return g.Add("Add", [x, g.Linear(g.Add("Mul", [silu, up]), "down_proj", config.Inner, config.Width, bias: false)]);
    }

    private static string Attention(
        GraphBuilder g, LlamaConfig config, string x, string bias, (string Cos, string Sin) rotary, (string Key, string Value)? past, List<(string Key, string Value)> present)
    {
        var head = config.Width / config.Heads;
        var batch = g.Size(x, 0);
        var sequence = g.Size(x, 1);
        var query = Rotate(g, Heads("q_proj", config.Heads), rotary, head);
        var key = Rotate(g, Heads("k_proj", config.KeyHeads), rotary, head);
        var value = Heads("v_proj", config.KeyHeads);
        if (past is { } before)
        {
            key = g.Add("Concat", [before.Key, key], ("axis", -2L));
            value = g.Add("Concat", [before.Value, value], ("axis", -2L));
        }

        present.Add((key, value));
        var scores = g.Add("MatMul", [query, g.Transpose(Repeat(g, config, key, head), 0, 1, 3, 2)]);
        scores = g.Add("Add", [g.Add("Div", [scores, g.Number(MathF.Sqrt(head))]), bias]);
        var shares = g.Cast(g.Add("Softmax", [g.Cast(scores, g.Element, DataType.Float)], ("axis", -1L)), DataType.Float, g.Element);
        var context = g.Add("MatMul", [shares, Repeat(g, config, value, head)]);
        return g.Reshape(g.Transpose(context, 0, 2, 1, 3), batch, sequence, config.Width);

        string Heads(string name, int heads)
        {
            var projected = g.Linear(x, name, config.Width, heads * head, bias: false);
            return g.Transpose(g.Reshape(projected, batch, sequence, heads, head), 0, 2, 1, 3);
        }
    }

    // x · cos + (-x₂, x₁) · sin, the halves cut where Shape says the middle of the last axis is.
    private static string Rotate(GraphBuilder g, string x, (string Cos, string Sin) rotary, int head)
    {
        var middle = g.Unsqueeze(g.Add("Div", [g.Size(x, 3), g.Int(2)]), 0);
        var first = g.Slice(x, g.Ints(0), middle, 3);
        var second = g.Slice(x, middle, g.Ints(head), 3);
        var turned = g.Add("Concat", [g.Add("Neg", [second]), first], ("axis", -1L));
        return g.Add("Add", [g.Add("Mul", [x, rotary.Cos]), g.Add("Mul", [turned, rotary.Sin])]);
    }

    // [batch, keyHeads, total, head] to [batch, heads, total, head], each key head repeated for its group of queries.
    private static string Repeat(GraphBuilder g, LlamaConfig config, string x, int head)
    {
        if (config.Heads == config.KeyHeads)
        {
            return x;
        }

        var batch = g.Size(x, 0);
        var total = g.Size(x, 2);
        var group = config.Heads / config.KeyHeads;
        var expanded = g.Add("Expand", [g.Unsqueeze(x, 2), g.Vector(batch, config.KeyHeads, group, total, head)]);
        return g.Reshape(expanded, batch, config.Heads, total, head);
    }
}
