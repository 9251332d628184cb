using System.Text;
using Dlc.Runtime;

namespace TrainLlama;

/// <summary>Lets a model write, byte by byte.</summary>
internal static class Writer
{
    /// <summary>Goes on with a text by what the model finds likeliest, or nearly so.</summary>
    public static string Continue(Session session, string text, int count)
    {
        const double Temperature = 0.5;
        var random = new Random(1);
        var bytes = Encoding.UTF8.GetBytes(text).ToList();
        for (var i = 0; i < count; i++)
        {
            InputTensor Row(Func<int, long> value) => InputTensor.From(Enumerable.Range(0, bytes.Count).Select(value).ToArray(), 1, bytes.Count);
            var result = session.Run(("input_ids", Row(n => bytes[n])), ("position_ids", Row(n => n)), ("attention_mask", Row(_ => 1)));
            var logits = result["logits"].ToArray<float>().AsSpan()[^256..].ToArray();
            var weights = logits.Select(l => Math.Exp((l - logits.Max()) / Temperature)).ToArray();
            var (drawn, next) = (random.NextDouble() * weights.Sum(), 0);
            while (next < weights.Length - 1 && (drawn -= weights[next]) > 0)
            {
                next++;
            }

            bytes.Add((byte)next);
        }

        return Encoding.UTF8.GetString([.. bytes]).ReplaceLineEndings(" ");
    }
}
