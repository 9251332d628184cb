using System.Runtime.InteropServices;
using Dlc.Compiler.Onnx.Proto;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace ModelBuilder;

/// <summary>
/// BERT (Devlin et al., 2018) as PyTorch's exporter writes Hugging Face's module: position ids sliced by the input's shape, the mask as
/// <c>(1 - m) · -10000</c>, heads split through Shape, Gather, Concat and Reshape, and an Erf gelu.
/// </summary>
internal static class Bert
{
    public static ModelProto Build(BertConfig config)
    {
        var g = new GraphBuilder("bert", opset: 17, config.Seed);
        var ids = g.Input("input_ids", DataType.Int64, "batch", "sequence");
        var mask = g.Input("attention_mask", DataType.Int64, "batch", "sequence");
        var types = g.Input("token_type_ids", DataType.Int64, "batch", "sequence");

        var bias = ExtendedMask(g, mask);
        var x = Embeddings(g, config, ids, types);
        using (g.Scope("encoder"))
        {
            for (var layer = 0; layer < config.Layers; layer++)
            {
                using var _ = g.Scope($"layer.{layer}");
                x = Layer(g, config, x, bias);
            }
        }

        g.Output("last_hidden_state", x, DataType.Float, "batch", "sequence", $"{config.Width}");
        g.Output("pooler_output", Pooler(g, config, x), DataType.Float, "batch", $"{config.Width}");
        return g.Finish();
    }

    private static string ExtendedMask(GraphBuilder g, string mask)
    {
        var wide = g.Unsqueeze(g.Unsqueeze(mask, 1), 2);
        var inverse = g.Add("Sub", [g.Float(1), g.Add("Cast", [wide], ("to", (long)DataType.Float))]);
        return g.Add("Mul", [inverse, g.Float(-10000)]);
    }

    private static string Embeddings(GraphBuilder g, BertConfig config, string ids, string types)
    {
        using var _ = g.Scope("embeddings");
        var positions = Enumerable.Range(0, config.Positions).Select(i => (long)i).ToArray();
        var table = g.Add("Constant", [], ("value", new TensorProto
        {
            DataType = (int)DataType.Int64,
            Dims = { 1, config.Positions },
            RawData = Google.Protobuf.ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(positions)),
        }));
        var used = g.Slice(table, g.Ints(0), g.Unsqueeze(g.Size(ids, 1), 0), 1);
        var words = g.Add("Gather", [g.Weight("word_embeddings.weight", [config.Vocabulary, config.Width], 1), ids]);
        var kinds = g.Add("Gather", [g.Weight("token_type_embeddings.weight", [2, config.Width], 0.3), types]);
        var places = g.Add("Gather", [g.Weight("position_embeddings.weight", [config.Positions, config.Width], 0.3), used]);
        var sum = g.Add("Add", [g.Add("Add", [words, kinds]), places]);
        return g.LayerNorm(sum, "LayerNorm", config.Width, config.LayerNormNode, 1e-12f);
    }

    private static string Layer(GraphBuilder g, BertConfig config, string x, string bias)
    {
        using (g.Scope("attention"))
        {
            var context = Attention(g, config, x, bias);
            var projected = g.Linear(context, "output/dense", config.Width, config.Width);
            x = g.LayerNorm(g.Add("Add", [projected, x]), "output/LayerNorm", config.Width, config.LayerNormNode, 1e-12f);
        }

        string inner;
        using (g.Scope("intermediate"))
        {
            inner = g.GeluErf(g.Linear(x, "dense", config.Width, config.Inner));
        }

        using var _ = g.Scope("output");
        var outer = g.Linear(inner, "dense", config.Inner, config.Width);
        return g.LayerNorm(g.Add("Add", [outer, x]), "LayerNorm", config.Width, config.LayerNormNode, 1e-12f);
    }

    private static string Attention(GraphBuilder g, BertConfig config, string x, string bias)
    {
        using var _ = g.Scope("self");
        var head = config.Width / config.Heads;
        var query = Split(g.Linear(x, "query", config.Width, config.Width));
        var key = Split(g.Linear(x, "key", config.Width, config.Width));
        var value = Split(g.Linear(x, "value", config.Width, config.Width));

        var scores = g.Add("MatMul", [g.Transpose(query, 0, 2, 1, 3), g.Transpose(key, 0, 2, 3, 1)]);
        scores = g.Add("Add", [g.Add("Div", [scores, g.Float(MathF.Sqrt(head))]), bias]);
        var shares = g.Add("Softmax", [scores], ("axis", -1L));
        var context = g.Transpose(g.Add("MatMul", [shares, g.Transpose(value, 0, 2, 1, 3)]), 0, 2, 1, 3);
        return g.Reshape(context, g.Size(context, 0), g.Size(context, 1), config.Width);

        string Split(string projected) => g.Reshape(projected, g.Size(projected, 0), g.Size(projected, 1), config.Heads, head);
    }

    private static string Pooler(GraphBuilder g, BertConfig config, string x)
    {
        using var _ = g.Scope("pooler");
        var first = g.Add("Gather", [x, g.Int(0)], ("axis", 1L));
        var weight = g.Weight("dense.weight", [config.Width, config.Width], 1 / Math.Sqrt(config.Width));
        var dense = g.Add("Gemm", [first, weight, g.Weight("dense.bias", [config.Width], 0.05)], ("alpha", 1f), ("beta", 1f), ("transB", 1L));
        return g.Add("Tanh", [dense]);
    }
}
