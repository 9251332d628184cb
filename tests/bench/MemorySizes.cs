using System.Globalization;
using Dlc.Peers.Suite;

namespace Dlc.Bench;

/// <summary>The sizes at which memory is measured: ten of each network, from the smallest to large ones.</summary>
internal static class MemorySizes
{
    private static readonly (long Batch, long Sequence)[] Texts = [(1, 1), (1, 16), (1, 77), (1, 128), (1, 512), (2, 64), (4, 128), (3, 301), (4, 512), (8, 256)];

    private static readonly (long Batch, long Sequence, long Past)[] Pasts =
        [(1, 1, 0), (1, 1, 15), (1, 1, 127), (1, 1, 511), (1, 1, 1000), (4, 1, 200), (8, 1, 511), (1, 16, 0), (1, 64, 64), (2, 33, 100)];

    private static readonly long[][] Photos =
        [[1, 33, 47], [1, 224, 224], [1, 320, 240], [1, 512, 512], [2, 224, 224], [3, 97, 131], [4, 224, 224], [8, 224, 224], [1, 640, 480], [1, 800, 800]];

    private static readonly long[][] Pages =
        [[1, 32, 96], [1, 320, 320], [1, 480, 640], [2, 320, 320], [1, 64, 1024], [1, 640, 640], [4, 320, 320], [1, 736, 1280], [1, 960, 960], [1, 1280, 1280]];

    private static readonly long[][] Lines = [[1, 33], [1, 100], [3, 57], [1, 320], [2, 320], [1, 640], [16, 160], [4, 320], [1, 1280], [8, 320]];

    private static readonly long[][] Labels =
        [[1, 33, 47], [1, 48, 192], [2, 50, 129], [3, 64, 64], [1, 96, 320], [6, 48, 100], [4, 48, 192], [8, 48, 192], [16, 48, 192], [32, 48, 192]];

    private static readonly long[] Batches = [1, 2, 3, 5, 8, 13, 17, 32, 64, 128];

    /// <summary>The sizes of a network.</summary>
    public static IReadOnlyList<SuiteCase> Of(SuiteModel model) => [.. Sizes(model.Name).Select(s => new SuiteCase(Format(s), s))];

    /// <summary>A case from what <see cref="Format"/> gave.</summary>
    public static SuiteCase Parse(string text) => new(text, text.Split(',').Select(p => p.Split('='))
        .ToDictionary(p => p[0], p => long.Parse(p[1], CultureInfo.InvariantCulture)));

    /// <summary>Sizes as they are written on the command line.</summary>
    public static string Format(IReadOnlyDictionary<string, long> sizes) => string.Join(',', sizes.Select(s => $"{s.Key}={s.Value}"));

    /// <summary>Sizes for a run among many: some that nobody has listed, small enough for thousands of runs.</summary>
    public static SuiteCase Draw(SuiteModel model, Random random)
    {
        long Batch() => random.Next(1, 5);
        var sizes = model.Name switch
        {
            "ppocr-det" => Paddle(1, 32 * random.Next(1, 8), 32 * random.Next(1, 8)),
            "ppocr-rec" => Paddle(Batch(), random.Next(8, 200)),
            "ppocr-cls" => Paddle(Batch(), random.Next(16, 100), random.Next(16, 300)),
            var name when name.StartsWith("silero-v5", StringComparison.Ordinal) => Voice(random.Next(1, 64), name),
            var name when name.StartsWith("silero", StringComparison.Ordinal) => Legacy(random.Next(1, 64), random.Next(512, 2000)),
            var name when name.StartsWith("resnet", StringComparison.Ordinal) => Photo(Batch(), random.Next(8, 100), random.Next(8, 100)),
            var name when name.EndsWith("decode", StringComparison.Ordinal) => Past(Batch(), random.Next(1, 5), random.Next(0, 60)),
            _ => Text(Batch(), random.Next(1, 60)),
        };
        return new SuiteCase("drawn", sizes);
    }

    private static IEnumerable<Dictionary<string, long>> Sizes(string name) => name switch
    {
        "ppocr-det" => Pages.Select(Paddle),
        "ppocr-rec" => Lines.Select(Paddle),
        "ppocr-cls" => Labels.Select(Paddle),
        _ when name.StartsWith("silero-v5", StringComparison.Ordinal) => Batches.Select(b => Voice(b, name)),
        _ when name.StartsWith("silero", StringComparison.Ordinal) => Batches.Select(b => Legacy(b, name.EndsWith("8k", StringComparison.Ordinal) ? 768 : 1536)),
        _ when name.StartsWith("resnet", StringComparison.Ordinal) => Photos.Select(p => Photo(p[0], p[1], p[2])),
        _ when name.EndsWith("decode", StringComparison.Ordinal) => Pasts.Select(p => Past(p.Batch, p.Sequence, p.Past)),
        _ => Texts.Select(t => Text(t.Batch, t.Sequence)),
    };

    private static Dictionary<string, long> Text(long batch, long sequence) => new() { ["batch"] = batch, ["sequence"] = sequence };

    private static Dictionary<string, long> Past(long batch, long sequence, long past) => new() { ["batch"] = batch, ["sequence"] = sequence, ["past"] = past };

    private static Dictionary<string, long> Photo(long batch, long height, long width) => new() { ["batch"] = batch, ["height"] = height, ["width"] = width };

    // Paddle's exporter numbers the dynamic dims.
    private static Dictionary<string, long> Paddle(params long[] dims) =>
        dims.Select((size, i) => (size, i)).ToDictionary(d => $"p2o.DynamicDimension.{d.i}", d => d.size);

    private static Dictionary<string, long> Voice(long batch, string name) =>
        new() { ["input.0"] = batch, ["input.1"] = name.EndsWith("8k", StringComparison.Ordinal) ? 256 : 512, ["state.1"] = batch };

    private static Dictionary<string, long> Legacy(long batch, long samples) => new() { ["batch"] = batch, ["sequence"] = samples };
}
