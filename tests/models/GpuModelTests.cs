using Dlc.Peers;
using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;
using Dlc.Tests.Gpu;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Small models compiled for GPUs, run in the PTX interpreter by the runtime that drives GPUs, against ONNX Runtime.</summary>
public sealed class GpuModelTests
{
    /// <summary>Elements of all inputs together: the interpreter of PTX is slow.</summary>
    private const long Most = 40;

    [ModelFact("bert-tiny")]
    public void Bert_tiny() => Agree("bert-tiny", "cuda:sm_80");

    [ModelFact("gpt2-tiny")]
    public void Gpt2_tiny() => Agree("gpt2-tiny", "cuda:sm_90");

    [ModelFact("gpt2-tiny-decode")]
    public void Gpt2_tiny_decode() => Agree("gpt2-tiny-decode", "cuda:sm_80");

    [ModelFact("llama-tiny")]
    public void Llama_tiny() => Agree("llama-tiny", "cuda:sm_90");

    [ModelFact("llama-tiny-decode")]
    public void Llama_tiny_decode() => Agree("llama-tiny-decode", "cuda:sm_90");

    private static void Agree(string name, string target)
    {
        var suite = ModelSuite.ByName(name);
        using var oracle = OrtSession.FromFile(suite.Path);
        using var device = new PtxDevice();
        using var model = new DlcEngine(target: target, device: device).Load(suite.Path);
        var differences = new List<string>();
        var cases = suite.Cases.Where(c => c.Sizes.Values.Aggregate(1L, (a, b) => a * Math.Max(1, b)) <= Most).Take(5).ToList();
        Assert.True(cases.Count >= 3, "a model is run at no fewer than 3 sizes");
        foreach (var size in cases)
        {
            var inputs = suite.Inputs(size);
            var found = model.Run(inputs);
            differences.AddRange(oracle.Run(inputs).Zip(found, model.Outputs)
                .Select(o => (Name: o.Third, Text: Comparison.Difference(o.First, o.Second, Tolerance.Model)))
                .Where(d => d.Text is not null)
                .Select(d => $"{size}, output '{d.Name}': {d.Text}"));
        }

        Assert.True(differences.Count == 0, $"{name} differs from ONNX Runtime:\n{string.Join('\n', differences)}");
    }
}
