using Dlc.Compiler;
using Dlc.Peers;
using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Every model of the suite, compiled once and run at eight sizes and more, against ONNX Runtime.</summary>
public sealed class DifferentialTests
{
    // Both engines have the machine in turns; two threads check that the split of the work is right too.
    private const int Threads = 2;

    [ModelFact("bert-tiny")]
    public void Bert_tiny() => Agree("bert-tiny");

    [ModelFact("gpt2-tiny")]
    public void Gpt2_tiny() => Agree("gpt2-tiny");

    [ModelFact("gpt2-tiny-decode")]
    public void Gpt2_tiny_decode() => Agree("gpt2-tiny-decode");

    [ModelFact("llama-tiny")]
    public void Llama_tiny() => Agree("llama-tiny");

    [ModelFact("llama-tiny-decode")]
    public void Llama_tiny_decode() => Agree("llama-tiny-decode");

    [ModelFact("resnet-tiny")]
    public void Resnet_tiny() => Agree("resnet-tiny");

    [ModelFact("ppocr-det")]
    public void Ppocr_det() => Agree("ppocr-det");

    [ModelFact("ppocr-rec")]
    public void Ppocr_rec() => Agree("ppocr-rec");

    [ModelFact("ppocr-cls")]
    public void Ppocr_cls() => Agree("ppocr-cls");

    [ModelFact("silero-v5-16k")]
    public void Silero_v5_at_16_kHz() => Agree("silero-v5-16k");

    [ModelFact("silero-v5-8k")]
    public void Silero_v5_at_8_kHz() => Agree("silero-v5-8k");

    [ModelFact("silero-legacy-16k")]
    public void Silero_legacy_at_16_kHz() => Agree("silero-legacy-16k");

    [ModelFact("silero-legacy-8k")]
    public void Silero_legacy_at_8_kHz() => Agree("silero-legacy-8k");

    [ModelFact("encoder-6x384")]
    public void Encoder_6x384() => Agree("encoder-6x384");

    [ModelFact("bert-base")]
    public void Bert_base() => Agree("bert-base");

    [ModelFact("gpt2")]
    public void Gpt2() => Agree("gpt2");

    [ModelFact("gpt2-decode")]
    public void Gpt2_decode() => Agree("gpt2-decode");

    [ModelFact("llama-small")]
    public void Llama_small() => Agree("llama-small");

    [ModelFact("llama-small-decode")]
    public void Llama_small_decode() => Agree("llama-small-decode");

    [ModelFact("resnet50")]
    public void Resnet50() => Agree("resnet50");

    private static void Agree(string name)
    {
        var suite = ModelSuite.ByName(name);
        Assert.True(suite.Cases.Count >= 8, "a model is run at no fewer than 8 sizes");
        using var oracle = OrtSession.FromFile(suite.Path, Threads);
        var counter = new CompileCounter();
        using var model = new DlcEngine(counter).Load(suite.Path, Threads);
        var kernels = counter.Kernels;
        var differences = new List<string>();
        foreach (var size in suite.Cases)
        {
            var inputs = suite.Inputs(size);
            var found = model.Run(inputs);
            var expected = oracle.Run(inputs);
            differences.AddRange(expected.Zip(found, model.Outputs)
                .Select(o => (Name: o.Third, Text: Comparison.Difference(o.First, o.Second, Tolerance.Model)))
                .Where(d => d.Text is not null)
                .Select(d => $"{size}, output '{d.Name}': {d.Text}"));
        }

        Assert.Equal((1, kernels), (counter.Models, counter.Kernels));
        Assert.True(differences.Count == 0, $"{name} differs from ONNX Runtime:\n{string.Join('\n', differences)}");
    }
}
