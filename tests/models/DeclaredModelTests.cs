using Dlc.Compiler;
using Dlc.Compiler.Cli;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Models whose weights are declared without values: their training steps are planned all the same.</summary>
public sealed class DeclaredModelTests : IDisposable
{
    private static readonly TrainingOptions Training = new() { Loss = "cross-entropy(logits,labels)" };
    private static readonly LlamaConfig Tiny = LlamaConfig.Tiny with { Present = false };
    private static readonly Dictionary<string, long> Dims = new() { ["batch"] = 2, ["sequence"] = 37 };

    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-declared").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false, 12)]
    [InlineData(true, 14)]
    public void The_plan_of_a_training_step_needs_no_weights(bool isBfloat16, int bytesPerNumber)
    {
        var config = Tiny with { IsBfloat16 = isBfloat16 };
        OnnxFile.Write(ModelBuilder.Models.Llama(config), In("valued.onnx"));
        OnnxFile.Write(ModelBuilder.Models.Llama(config with { IsDeclaredOnly = true }), In("declared.onnx"));
        using var valued = DlcCompiler.BuildTraining(In("valued.onnx"), Training).Load();
        using var declared = DlcCompiler.BuildTraining(In("declared.onnx"), Training).Load();
        var (expected, plan) = (valued.MemoryFor(Dims), declared.MemoryFor(Dims));
        Assert.Equal(expected.PeakBytes, plan.PeakBytes);
        Assert.Equal(expected.Buffers.Count, plan.Buffers.Count);

        // Parameters and AdamW's two averages, with bfloat16 also the master copy; the rest are ids, mask, positions, labels, counters.
        var numbers = Numbers(config);
        Assert.Equal((numbers * bytesPerNumber) + (4 * 8 * 2 * 37) + 4 + 8, plan.InputBytes);

        // What the training starts from lies in the executable, and in memory only as an input.
        Assert.InRange(plan.WeightBytes, 1, numbers);
    }

    [Fact]
    public void External_data_of_declared_weights_is_a_hole_of_their_size()
    {
        OnnxFile.Write(ModelBuilder.Models.Llama(Tiny with { IsDeclaredOnly = true }), In("declared.onnx"));
        var data = File.ReadAllBytes(In("declared.onnx.data"));
        Assert.InRange(data.Length, 4 * Numbers(Tiny), (4 * Numbers(Tiny)) + 4096);
        Assert.DoesNotContain(data, b => b != 0);
    }

    [Fact]
    public void The_memory_command_plans_a_training_step()
    {
        OnnxFile.Write(ModelBuilder.Models.Llama(Tiny with { IsDeclaredOnly = true }), In("declared.onnx"));
        var (output, errors) = (new StringWriter(), new StringWriter());
        string[] how = ["--train", "--loss", "cross-entropy(logits,labels)", "--optimizer", "sgd(lr=0.1)", "--dims", "batch=2,sequence=37", "--json", In("plan.json")];
        Assert.True(CommandLine.Run(["memory", In("declared.onnx"), .. how], output, errors) == 0, errors.ToString());
        Assert.Contains("embed_tokens", File.ReadAllText(In("plan.json")), StringComparison.Ordinal);
    }

    private static long Numbers(LlamaConfig c)
    {
        var head = c.Width / c.Heads;
        var layer = (2L * c.Width * c.Width) + (2L * c.Width * c.KeyHeads * head) + (3L * c.Width * c.Inner) + (2 * c.Width);
        return (2L * c.Vocabulary * c.Width) + c.Width + (c.Layers * layer);
    }

    private string In(string name) => Path.Combine(_folder, name);
}
