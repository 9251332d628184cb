using System.Text.Json;
using Dlc.Compiler;
using Dlc.Compiler.Cli;
using Dlc.Peers;
using Dlc.Peers.Suite;
using Dlc.Runtime;
using Dlc.Tests.Unit.Memory;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Arenas of the models of the suite: their plans can be replayed, come close to the lower bound, are no larger than in the model's order, and are what sessions allocate.</summary>
public sealed class ArenaTests
{
    [Fact]
    public void Bert_tiny() => Check("bert-tiny");

    [Fact]
    public void Gpt2_tiny() => Check("gpt2-tiny");

    [Fact]
    public void Gpt2_tiny_decode() => Check("gpt2-tiny-decode");

    [Fact]
    public void Llama_tiny() => Check("llama-tiny");

    [Fact]
    public void Llama_tiny_decode() => Check("llama-tiny-decode");

    [Fact]
    public void Resnet_tiny() => Check("resnet-tiny");

    [ModelFact("ppocr-det")]
    public void Ppocr_det() => Check("ppocr-det");

    [ModelFact("ppocr-rec")]
    public void Ppocr_rec() => Check("ppocr-rec");

    [ModelFact("ppocr-cls")]
    public void Ppocr_cls() => Check("ppocr-cls");

    [ModelFact("silero-v5-16k")]
    public void Silero_v5() => Check("silero-v5-16k");

    [ModelFact("silero-legacy-16k")]
    public void Silero_legacy() => Check("silero-legacy-16k");

    private static void Check(string name)
    {
        var suite = ModelSuite.ByName(name);
        using var model = DlcCompiler.Compile(suite.Path);
        using var unordered = DlcCompiler.Compile(suite.Path, new CompileOptions { KeepOrder = true });
        var errors = new List<string>();
        foreach (var size in suite.Cases)
        {
            var inputs = suite.Inputs(size);
            var dims = inputs.Select(i => ((Value.Dense)i.Value).Tensor.Dims.ToArray()).ToArray();
            foreach (var query in new[] { new MemoryQuery { Threads = 1 }, new MemoryQuery { Threads = 2, InPlace = false } })
            {
                var report = model.MemoryFor(dims, query);
                using var json = JsonDocument.Parse(MemoryJson.Write([report]));
                if (PlanChecker.Problem(json.RootElement) is { } problem)
                {
                    errors.Add($"{size}: {problem}");
                }

                if (report.PeakBytes > 1.03 * report.LowerBoundBytes)
                {
                    errors.Add($"{size}: the arena has {report.PeakBytes} bytes, {report.LowerBoundBytes} are the lower bound");
                }

                var given = unordered.MemoryFor(dims, query);
                if (report.LowerBoundBytes > given.LowerBoundBytes || report.PeakBytes > given.PeakBytes)
                {
                    errors.Add($"{size}: {report.PeakBytes} bytes, at least {report.LowerBoundBytes}, in our order; in the model's {given.PeakBytes}, at least {given.LowerBoundBytes}");
                }
            }

            var expected = Run(model, inputs, 2, false, dims, errors);
            var found = Run(model, inputs, 1, true, dims, errors);
            for (int o = 0; o < expected.Count; o++)
            {
                if (!expected[o].AsSpan().SequenceEqual(found[o]))
                {
                    errors.Add($"{size}: output {o} has other bits when it is made in place");
                }
            }
        }

        Assert.True(errors.Count == 0, $"{name}:\n{string.Join('\n', errors.Take(30))}");
    }

    /// <summary>Runs in a new session, which allocates what the plan says; gives the bytes of the outputs.</summary>
    private static unsafe List<byte[]> Run(
        CompiledModel model, IReadOnlyList<KeyValuePair<string, Value>> inputs, int threads, bool inPlace, long[][] dims, List<string> errors)
    {
        using var session = model.CreateSession(new SessionOptions { Threads = threads, InPlace = inPlace });
        using var binding = session.CreateBinding();
        foreach (var (name, value) in inputs)
        {
            var tensor = ((Value.Dense)value).Tensor;
            binding.BindInputBytes(name, tensor.Bytes, tensor.Dims);
        }

        session.Run(binding);
        var report = model.MemoryFor(dims, new MemoryQuery { Threads = threads, InPlace = inPlace });
        if (report.Unknown.Count == 0 ? session.AllocatedBytes != report.PeakBytes : session.AllocatedBytes < report.PeakBytes)
        {
            errors.Add($"{string.Join(' ', report.Dims)}: {session.AllocatedBytes} bytes are allocated, {report.PeakBytes} planned");
        }

        return [.. model.Outputs.Select(o => new ReadOnlySpan<byte>(binding.OutputData(o.Name, out long length), (int)length).ToArray())];
    }
}
