using Dlc.Compiler.Onnx.Proto;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelBuilder;

/// <summary>
/// GPT-2 (Radford et al., 2019) as PyTorch's exporter writes Hugging Face's module: projections as Reshape, Gemm, Reshape; one projection
/// split into query, key and value; a causal mask sliced out of a constant triangle; logits over the transposed embedding table.
/// </summary>
internal static class Gpt2
{
    public static ModelProto Build(Gpt2Config config)
    {
        var g = new GraphBuilder("gpt2", opset: 17, config.Seed);
        var head = config.Width / config.Heads;
        var ids = g.Input("input_ids", DataType.Int64, "batch", "sequence");
        string? bias = null;
        var past = new List<(string Key, string Value)>();
        if (config.Past)
        {
            bias = ExtendedMask(g, g.Input("attention_mask", DataType.Int64, "batch", "past + sequence"));
            for (var layer = 0; layer < config.Layers; layer++)
            {
                past.Add((PastInput($"past_key_values.{layer}.key"), PastInput($"past_key_values.{layer}.value")));
            }
        }

        var table = g.Weight("transformer.wte.weight", [config.Vocabulary, config.Width], 0.15);
        var x = Embeddings(g, config, ids, table, config.Past ? past[0].Key : null);
        var total = config.Past ? "past + sequence" : "sequence";
        var present = new List<(string Key, string Value)>();
        using (g.Scope("transformer"))
        {
            for (var layer = 0; layer < config.Layers; layer++)
            {
                using var _ = g.Scope($"h.{layer}");
                x = Block(g, config, x, bias, config.Past ? past[layer] : null, present);
            }

            x = g.LayerNorm(x, "ln_f", config.Width, oneNode: false, 1e-5f);
        }

        // The final norm's output has variance one; the embedding's spread keeps logits within a few tens.
        var logits = g.Add("MatMul", [x, g.Transpose(table, 1, 0)]);
        g.Output("logits", logits, DataType.Float, "batch", "sequence", $"{config.Vocabulary}");
        for (var layer = 0; layer < config.Layers; layer++)
        {
            g.Output($"present.{layer}.key", present[layer].Key, DataType.Float, "batch", $"{config.Heads}", total, $"{head}");
            g.Output($"present.{layer}.value", present[layer].Value, DataType.Float, "batch", $"{config.Heads}", total, $"{head}");
        }

        return g.Finish();

        string PastInput(string name) => g.Input(name, DataType.Float, "batch", $"{config.Heads}", "past", $"{head}");
    }

    private static string ExtendedMask(GraphBuilder g, string mask)
    {
        var flat = g.Reshape(mask, g.Size(mask, 0), -1);
        var wide = g.Add("Cast", [g.Unsqueeze(g.Unsqueeze(flat, 1), 2)], ("to", (long)DataType.Float));
        return g.Add("Mul", [g.Add("Sub", [g.Float(1), wide]), g.Float(-10000)]);
    }

    private static string Embeddings(GraphBuilder g, Gpt2Config config, string ids, string table, string? pastKey)
    {
        using var _ = g.Scope("transformer");
        var sequence = g.Size(ids, 1);
        var flat = g.Reshape(ids, -1, sequence);
        var start = pastKey is null ? g.Int(0) : g.Size(pastKey, 2);
        var positions = g.Unsqueeze(g.Add("Range", [start, g.Add("Add", [sequence, start]), g.Int(1)]), 0);
        var words = g.Add("Gather", [table, flat]);
        var places = g.Add("Gather", [g.Weight("wpe.weight", [config.Positions, config.Width], 0.06), g.Reshape(positions, -1, sequence)]);
        return g.Add("Add", [words, places]);
    }

    private static string Block(
        GraphBuilder g, Gpt2Config config, string x, string? bias, (string Key, string Value)? past, List<(string Key, string Value)> present)
    {
        var normal = g.LayerNorm(x, "ln_1", config.Width, oneNode: false, 1e-5f);
        using (g.Scope("attn"))
        {
            var context = Attention(g, config, normal, bias, past, present);
            x = g.Add("Add", [Projection(g, context, "c_proj", config.Width, config.Width, 0.3), x]);
        }

        normal = g.LayerNorm(x, "ln_2", config.Width, oneNode: false, 1e-5f);
        using var _ = g.Scope("mlp");
        var inner = g.GeluTanh(Projection(g, normal, "c_fc", config.Width, 4 * config.Width, 1));
        return g.Add("Add", [x, Projection(g, inner, "c_proj", 4 * config.Width, config.Width, 0.3)]);
    }

    private static string Attention(
        GraphBuilder g, Gpt2Config config, string x, string? bias, (string Key, string Value)? past, List<(string Key, string Value)> present)
    {
        var head = config.Width / config.Heads;
        long[] widths = [config.Width, config.Width, config.Width];
        var parts = g.AddMany("Split", [Projection(g, x, "c_attn", config.Width, 3 * config.Width, 1), g.Ints(widths)], 3, ("axis", 2L));
        var query = Heads(parts[0]);
        var key = Heads(parts[1]);
        var value = Heads(parts[2]);
        if (past is { } before)
        {
            key = g.Add("Concat", [before.Key, key], ("axis", -2L));
            value = g.Add("Concat", [before.Value, value], ("axis", -2L));
        }

        present.Add((key, value));
        var scores = g.Add("MatMul", [query, g.Transpose(key, 0, 1, 3, 2)]);
        scores = g.Add("Div", [scores, g.Float(MathF.Sqrt(head))]);
        scores = g.Add("Where", [Triangle(g, config, query, key), scores, g.Float(float.MinValue)]);
        scores = bias is null ? scores : g.Add("Add", [scores, bias]);
        var context = g.Add("MatMul", [g.Add("Softmax", [scores], ("axis", -1L)), value]);
        context = g.Transpose(context, 0, 2, 1, 3);
        return g.Reshape(context, g.Size(context, 0), g.Size(context, 1), config.Width);

        string Heads(string part) =>
            g.Transpose(g.Reshape(part, g.Size(part, 0), g.Size(part, 1), config.Heads, head), 0, 2, 1, 3);
    }

    // Rows past..past+sequence and columns 0..past+sequence of the constant lower triangle.
    private static string Triangle(GraphBuilder g, Gpt2Config config, string query, string key)
    {
        var n = config.Positions;
        var bits = new byte[n * n];
        for (var row = 0; row < n; row++)
        {
            bits.AsSpan(row * n, row + 1).Fill(1);
        }

        var table = g.Add("Constant", [], ("value", new TensorProto
        {
            DataType = (int)DataType.Bool,
            Dims = { 1, 1, n, n },
            RawData = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(bits),
        }));
        var keys = g.Size(key, -2);
        var first = g.Add("Sub", [keys, g.Size(query, -2)]);
        var rows = g.Slice(table, g.Unsqueeze(first, 0), g.Unsqueeze(keys, 0), 2);
        return g.Slice(rows, g.Ints(0), g.Unsqueeze(keys, 0), 3);
    }

    // GPT-2's "Conv1D": a matrix product over flattened rows.
    private static string Projection(GraphBuilder g, string x, string name, int inputs, int outputs, double gain)
    {
        using var _ = g.Scope(name);
        var rows = g.Reshape(x, -1, inputs);
        var weight = g.Weight("weight", [inputs, outputs], gain / Math.Sqrt(inputs));
        var product = g.Add("Gemm", [rows, weight, g.Weight("bias", [outputs], 0.05)], ("alpha", 1f), ("beta", 1f));
        return g.Reshape(product, g.Size(x, 0), g.Size(x, 1), outputs);
    }
}
