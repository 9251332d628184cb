using Dlc.Runtime;

namespace TrainLlama;

/// <summary>Paragraphs of text as bytes, and batches of them.</summary>
internal sealed class Corpus
{
    private const string Licences = "/usr/share/common-licenses";
    private const int Shortest = 16;
    private const int Longest = 384;

    private Corpus(string source, List<byte[]> texts)
    {
        Source = source;
        Texts = texts;
    }

    /// <summary>Where the texts come from.</summary>
    public string Source { get; }

    /// <summary>The paragraphs, of 16 to 384 bytes.</summary>
    public IReadOnlyList<byte[]> Texts { get; }

    public long Bytes => Texts.Sum(t => (long)t.Length);

    /// <summary>Reads the text files of a folder; without one, texts that are on this machine.</summary>
    public static Corpus Read(string? folder)
    {
        var files = folder is not null ? Directory.GetFiles(folder)
            : Directory.Exists(Licences) ? Directory.GetFiles(Licences)
            : [.. Directory.GetFiles("docs", "*.md"), "README.md", "LICENSE"];
        var texts = new List<byte[]>();
        foreach (var file in files.Order(StringComparer.Ordinal).DistinctBy(f => new FileInfo(f).ResolveLinkTarget(true)?.FullName ?? Path.GetFullPath(f)))
        {
            foreach (var paragraph in File.ReadAllText(file).Split("\n\n", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                var bytes = System.Text.Encoding.UTF8.GetBytes(paragraph);
                texts.AddRange(bytes.Chunk(Longest).Where(c => c.Length >= Shortest));
            }
        }

        return new Corpus(folder ?? (Directory.Exists(Licences) ? Licences : "this project's pages"), texts);
    }

    /// <summary>The entropy of a byte, in nats, for one who knows how often each occurs and nothing else.</summary>
    public double UnigramEntropy()
    {
        var counts = new long[256];
        foreach (var b in Texts.SelectMany(t => t))
        {
            counts[b]++;
        }

        return counts.Where(c => c > 0).Sum(c => -(double)c / Bytes * Math.Log((double)c / Bytes));
    }

    /// <summary>
    /// The inputs of one step: paragraphs drawn at random, as long as the longest of them; each byte's label is the next one, and what lies behind a
    /// paragraph's end does not count.
    /// </summary>
    public ((string Name, InputTensor Tensor)[] Inputs, long Count) Batch(int step, int size)
    {
        var random = new Random(step);
        var texts = Enumerable.Range(0, size).Select(_ => Texts[random.Next(Texts.Count)]).ToArray();
        var length = texts.Max(t => t.Length) - 1;
        var (ids, labels, positions, mask) = (new long[size * length], new long[size * length], new long[size * length], new long[size * length]);
        for (var row = 0; row < size; row++)
        {
            for (var i = 0; i < length; i++)
            {
                var (at, isText) = ((row * length) + i, i + 1 < texts[row].Length);
                (ids[at], labels[at]) = isText ? (texts[row][i], (long)texts[row][i + 1]) : (0, -100);
                (positions[at], mask[at]) = (i, isText ? 1 : 0);
            }
        }

        InputTensor Tensor(long[] numbers) => InputTensor.From(numbers, size, length);
        return ([("input_ids", Tensor(ids)), ("labels", Tensor(labels)), ("position_ids", Tensor(positions)), ("attention_mask", Tensor(mask))],
            texts.Sum(t => (long)t.Length - 1));
    }
}
