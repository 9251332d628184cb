using Dlc.Compiler;
using Dlc.Passes.Training;
using Dlc.Peers;
using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;
using Dlc.Runtime;
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

    [Fact]
    public void Training_on_a_device_moves_parameters_as_on_the_processor()
    {
        var model = ModelBuilder.Models.Llama(ModelBuilder.LlamaConfig.Tiny with { Layers = 1, Vocabulary = 20 });
        var options = new TrainingOptions { Loss = "cross-entropy(logits,labels)", Optimizer = new Sgd { LearningRate = 1, Momentum = 0.5 }, ClipNorm = 1 };
        using var device = new PtxDevice();
        using var processor = new TrainingSession(DlcCompiler.BuildTraining(model, options).Load());
        using var gpu = new TrainingSession(
            DlcCompiler.BuildTraining(model, options, new CompileOptions { Target = "cuda:sm_90" }).Load(), new SessionOptions { Device = device });
        var atFirst = device.Allocated;
        var random = new Random(1);
        foreach (var (batch, sequence) in new[] { (2L, 3L), (1L, 4L) })
        {
            var data = processor.Inputs.Select(i => (i.Name, InputTensor.From(Enumerable.Range(0, (int)(batch * sequence))
                .Select(n => i.Name.Contains("mask", StringComparison.Ordinal) ? 1L : i.Name == "position_ids" ? n % sequence : random.NextInt64(0, 20)).ToArray(), batch, sequence))).ToArray();
            Assert.Equal(processor.Step(data), gpu.Step(data), 1e-4);
        }

        Assert.Equal(2, gpu.Steps);

        // Before the first step: the initial parameters stay in the file.
        var parameters = processor.Parameters.Where(p => p.Type == Dlc.Runtime.Format.ScalarType.F32).Sum(p => processor.Read<float>(p.Name).Length * 4L);
        Assert.InRange(atFirst, 0, parameters / 4);
        foreach (var name in processor.Parameters.Where(p => p.Type == Dlc.Runtime.Format.ScalarType.F32).Select(p => p.Name))
        {
            var (expected, found) = (processor.Read<float>(name), gpu.Read<float>(name));
            var scale = Math.Max(1e-3, expected.Max(Math.Abs));
            Assert.All(expected.Zip(found), p => Assert.True(Math.Abs(p.First - p.Second) <= 3e-4 * scale, $"{name}: {p.First} and {p.Second}"));
        }
    }

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
