using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX TfIdfVectorizer over integers: counts of n-grams, or whether there are any (IDF), or either times weights.</summary>
internal sealed class TfIdfVectorizerOperator : IOnnxOperator
{
    public string Type => "TfIdfVectorizer";

    public void Import(OnnxNode node)
    {
        var pool = node.IntsOrNull("pool_int64s") ?? throw node.Unsupported("a pool of strings");
        var (starts, indexes) = (node.Ints("ngram_counts"), node.Ints("ngram_indexes"));
        var columns = indexes.Length == 0 ? 0 : indexes.Max() + 1;
        var isVector = node.InputType(0).Rank == 1;
        var x = node.As(isVector ? node.Unsqueezed(node.Input(0), 0) : node.Input(0), ElementType.Int64);
        Value? counts = null;
        var gram = 0;
        for (var length = 1; length <= starts.Length; length++)
        {
            // Grams of one length after those of the lengths below; their order is that of the indexes.
            var end = length < starts.Length ? starts[length] : pool.Length;
            var grams = (int)(end - starts[length - 1]) / length;
            if (grams > 0 && length >= node.Int("min_gram_length") && length <= node.Int("max_gram_length"))
            {
                var items = pool.AsSpan((int)starts[length - 1], grams * length);
                var own = node.Emit(new NGramCounts(length, node.Int("max_skip_count"), columns), x,
                    node.Emit(Tensor.FromSpan<long>(ElementType.Int64, items, grams, length)),
                    node.Emit(Tensor.Vector(indexes.AsSpan(gram, grams))));
                counts = counts is null ? own : node.Plus(counts, own);
            }

            gram += grams;
        }

        counts ??= node.Repeated(node.Scalar(ElementType.Float32, 0), [x.Type.Shape[0], node.Dims.Const(columns)]);
        var mode = node.String("mode");
        var y = mode == "IDF" ? node.As(node.IsLess(0, counts), ElementType.Float32) : counts;
        if (mode != "TF" && node.FloatsOrNull("weights") is { } weights)
        {
            var factors = new float[columns];
            for (var i = 0; i < indexes.Length; i++)
            {
                factors[indexes[i]] = weights[i];
            }

            y = node.Times(y, node.Emit(Tensor.FromSpan<float>(ElementType.Float32, factors, columns)));
        }

        node.SetOutput(0, isVector ? node.Squeezed(y, 0) : y);
    }
}
