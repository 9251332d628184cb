using System.Text.Json;
using Dlc.Compiler;
using Dlc.Compiler.Cli;
using Dlc.Compiler.IO;
using Dlc.Passes.Training;
using Dlc.Runtime;
using Dlc.Tests.Unit.Memory;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Training under a memory limit: never a byte more, never slower with more memory, and the same bits as without.</summary>
public sealed class TrainingLimitTests : IDisposable
{
    private const int Limits = 50;
    private static readonly LlamaConfig Config = LlamaConfig.Tiny with { Layers = 2, Vocabulary = 40 };
    private static readonly TrainingOptions Training = new() { Loss = "cross-entropy(logits,labels)", Optimizer = new AdamW { LearningRate = 0.01 }, ClipNorm = 1 };
    private static readonly (long Batch, long Sequence)[] Sizes = [(2, 41), (1, 7), (3, 29)];

    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-limit").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_limit_is_kept_to_the_byte_and_changes_no_bit()
    {
        var compilation = DlcCompiler.BuildTraining(ModelBuilder.Models.Llama(Config), Training, new CompileOptions { Threads = 1 });
        using var model = compilation.Load();
        var (expected, bits, _) = Train(compilation, long.MaxValue);
        var free = Sizes.Select(s => Plan(model, s, long.MaxValue)).ToList();
        var least = Sizes.Max(s => Least(model, s));
        var most = free.Max(r => r.TotalBytes);
        var largest = free.MaxBy(r => r.TotalBytes)!;

        // Activations of a step this small are little beside its parameters; of the arena much can go.
        Assert.True(least - (largest.TotalBytes - largest.PeakBytes) < largest.PeakBytes * 6 / 10, $"{least} of {most}");
        var before = Enumerable.Repeat((Seconds: double.PositiveInfinity, Total: 0L), Sizes.Length).ToArray();
        for (var i = 0; i <= Limits; i++)
        {
            var limit = least + ((most - least) * i / Limits);
            var plans = Sizes.Select(s => Plan(model, s, limit)).ToList();
            for (var s = 0; s < plans.Count; s++)
            {
                using var json = JsonDocument.Parse(MemoryJson.Write([plans[s]]));
                Assert.Null(PlanChecker.Problem(json.RootElement));
                Assert.True(plans[s].TotalBytes <= limit);
                Assert.True(plans[s].ExtraSeconds <= before[s].Seconds, $"{limit} bytes: {plans[s].ExtraSeconds} s, with fewer {before[s].Seconds}");
                Assert.True(plans[s].TotalBytes <= free[s].TotalBytes && plans[s].TotalBytes >= before[s].Total);
                before[s] = (plans[s].ExtraSeconds, plans[s].TotalBytes);
            }

            var (losses, state, arena) = Train(compilation, limit);
            Assert.Equal(expected, losses);
            Assert.Equal(bits, state);
            Assert.Equal(plans.Max(p => p.PeakBytes), arena);
        }

        Assert.All(before, b => Assert.Equal(0, b.Seconds));
    }

    [Fact]
    public void An_impossible_limit_fails_before_the_step_and_names_the_least_one()
    {
        var compilation = DlcCompiler.BuildTraining(ModelBuilder.Models.Llama(Config), Training, new CompileOptions { Threads = 1 });
        using var model = compilation.Load();
        var least = Least(model, Sizes[0]);
        using var session = new TrainingSession(compilation.Load(), new SessionOptions { Threads = 1, MemoryLimit = least - 1 });
        var before = session.States.Select(s => Bits(session, s)).ToList();
        var error = Assert.Throws<DlcRuntimeException>(() => session.Step(Batch(session, Sizes[0])));
        Assert.Equal(RuntimeErrors.MemoryLimit, error.Code);
        Assert.Contains($"at least {least} bytes", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, session.States.Select(s => Bits(session, s)));
        Assert.Equal(0, session.Steps);

        // What fits goes on.
        session.Step(Batch(session, Sizes[1]));
        Assert.Equal(1, session.Steps);
    }

    [Fact]
    public void The_command_line_trains_within_a_limit()
    {
        var (model, step, data) = (In("model.onnx"), In("step.dlcx"), In("data"));
        OnnxFile.Write(ModelBuilder.Models.Llama(Config), model);
        Directory.CreateDirectory(data);
        using (var any = new TrainingSession(DlcCompiler.BuildTraining(model, Training).Load()))
        {
            for (var i = 0; i < Sizes.Length; i++)
            {
                var size = Sizes[i];
                Npz.WriteFile(In($"data/{i}.npz"), [.. any.Inputs.Select(input =>
                    new KeyValuePair<string, TensorData>(input.Name, TensorData.Of<long>(Numbers(input.Name, size), size.Batch, size.Sequence)))]);
            }
        }

        string[] how = ["--train", "--loss", Training.Loss, "--optimizer", "adamw(lr=0.01)"];
        var text = Good(["compile", model, .. how, "-o", step]);
        using var compiled = CompiledModel.Load(step);
        var (least, most) = (Sizes.Max(s => Least(compiled, s)), Sizes.Max(s => Plan(compiled, s, long.MaxValue).TotalBytes));
        var limit = (least + most) / 2;
        Good(["train", step, "--data", data, "--steps", "6", "--threads", "1", "--checkpoint", In("free.safetensors")]);
        Good(["train", step, "--data", data, "--steps", "6", "--threads", "1", "--checkpoint", In("limited.safetensors"), "--memory-limit", $"{limit}"]);
        Assert.Equal(File.ReadAllBytes(In("free.safetensors")), File.ReadAllBytes(In("limited.safetensors")));

        // The executable's own limit holds where none is given. With one, the compiler says which values may leave, and the least limit may be another.
        Good(["compile", model, .. how, "-o", In("tight.dlcx"), "--memory-limit", $"{most}"]);
        using (var marked = CompiledModel.Load(In("tight.dlcx")))
        {
            least = Sizes.Max(s => Least(marked, s));
        }

        Good(["compile", model, .. how, "-o", In("tight.dlcx"), "--memory-limit", $"{least - 1}"]);
        var errors = Bad(["train", In("tight.dlcx"), "--data", data, "--steps", "6", "--threads", "1", "--checkpoint", In("none.safetensors")]);
        Assert.Contains(RuntimeErrors.MemoryLimit, errors, StringComparison.Ordinal);
        Assert.Contains($"at least {least} bytes", errors, StringComparison.Ordinal);
        Good(["train", In("tight.dlcx"), "--data", data, "--steps", "6", "--threads", "1", "--checkpoint", In("given.safetensors"), "--memory-limit", $"{least}"]);
        Assert.Equal(File.ReadAllBytes(In("free.safetensors")), File.ReadAllBytes(In("given.safetensors")));

        var dims = $"batch={Sizes[0].Batch},sequence={Sizes[0].Sequence}";
        text = Good(["memory", model, .. how, "--threads", "1", "--dims", dims, "--memory-limit", $"{limit}", "--json", In("plan.json"), "--svg", In("plan.svg")]);
        Assert.Contains("% more time", text, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(File.ReadAllText(In("plan.json")));
        Assert.Null(PlanChecker.Problem(json.RootElement));
        Assert.Equal(limit, json.RootElement.GetProperty("memoryLimit").GetInt64());
        var kinds = json.RootElement.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("kind").GetString()!).ToHashSet();
        Assert.Contains("launch", kinds);
        Assert.True(kinds.Contains("recompute") || kinds.Contains("reload"), string.Join(' ', kinds));
        Assert.Contains(kinds.Contains("recompute") ? "recompute" : "reload", System.Xml.Linq.XDocument.Load(In("plan.svg")).ToString(), StringComparison.Ordinal);

        Assert.Contains("512MiB", Bad(["train", step, "--data", data, "--steps", "1", "--memory-limit", "plenty"]), StringComparison.Ordinal);
        Assert.Contains("--memory-limit", Bad(["compile", model, "-o", step, "--memory-limit", "0"]), StringComparison.Ordinal);
        Assert.Contains("--memory-limit", Bad(["memory", model, "--memory-limit", "3XB"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("65536", 65536)]
    [InlineData("512MiB", 512L << 20)]
    [InlineData("1.5 GB", 1_500_000_000)]
    [InlineData("2kib", 2048)]
    [InlineData("3KB", 3000)]
    [InlineData(" 1GiB ", 1L << 30)]
    public void Sizes_are_read_as_people_write_them(string text, long bytes) => Assert.Equal(bytes, ByteSize.Parse("--memory-limit", text));

    private static (List<double> Losses, List<string> State, long Arena) Train(Compilation compilation, long limit)
    {
        using var session = new TrainingSession(compilation.Load(), new SessionOptions { Threads = 1, MemoryLimit = limit });
        var losses = Sizes.Concat(Sizes).Select(s => session.Step(Batch(session, s))).ToList();
        return (losses, [.. session.States.Select(s => Bits(session, s))], session.ArenaBytes);
    }

    private static (string, InputTensor)[] Batch(TrainingSession session, (long Batch, long Sequence) size) =>
        [.. session.Inputs.Select(i => (i.Name, InputTensor.From(Numbers(i.Name, size), size.Batch, size.Sequence)))];

    private static long[] Numbers(string input, (long Batch, long Sequence) size) => [.. Enumerable.Range(0, (int)(size.Batch * size.Sequence))
        .Select(n => input.Contains("mask", StringComparison.Ordinal) ? 1 : input == "position_ids" ? n % size.Sequence : ((n * 7) + (n / 3)) % 40)];

    private static string Bits(TrainingSession session, TensorInfo state) => state.Type == Runtime.Format.ScalarType.F32
        ? Convert.ToHexString(System.Runtime.InteropServices.MemoryMarshal.AsBytes(session.Read<float>(state.Name).AsSpan()))
        : string.Join(',', session.Read<long>(state.Name));

    private static MemoryReport Plan(CompiledModel model, (long Batch, long Sequence) size, long limit) => model.MemoryFor(
        new Dictionary<string, long> { ["batch"] = size.Batch, ["sequence"] = size.Sequence }, new MemoryQuery { Threads = 1, MemoryLimit = limit });

    /// <summary>The least limit that would do, as the error of an impossible one names it.</summary>
    private static long Least(CompiledModel model, (long Batch, long Sequence) size)
    {
        var error = Assert.Throws<DlcRuntimeException>(() => Plan(model, size, 1));
        return long.Parse(error.Message.Split("at least ")[1].Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
    }

    private string In(string name) => Path.Combine(_folder, name);

    private static string Good(string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        Assert.True(CommandLine.Run(arguments, output, errors) == 0, $"{errors}\n{output}");
        return output.ToString();
    }

    private static string Bad(string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        Assert.Equal(1, CommandLine.Run(arguments, output, errors));
        return errors.ToString();
    }
}
