using System.Runtime.Versioning;
using Dlc.Compiler;
using Dlc.Gpu;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Passes.Training;
using Dlc.Runtime.Format;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>The command for machines with a GPU, on the device that interprets PTX.</summary>
public sealed class GpuKitTests : IDisposable
{
    private const string Peer = """{"kind":"llama","layers":2,"width":32,"heads":4,"key_heads":2,"inner":48,"vocabulary":100}""";
    private readonly string _folder = Directory.CreateTempSubdirectory("gpu-kit-").FullName;

    private static CompileOptions Target => new() { Target = "cuda:sm_80" };

    private KitOptions Options => new()
    {
        Out = _folder, Python = "/bin/false", Peers = Path.Combine(_folder, "peers.py"), Repeats = (0, 1), StepRepeats = (1, 1), CopiedBytes = 1 << 16,
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Kernels_are_timed_beside_a_copy_and_what_lacks_is_said()
    {
        AddProduct();
        string page = Run(Options);
        Assert.Contains("PTX interpreter (sm_90), driver none", page, StringComparison.Ordinal);
        Assert.Contains("Copy on the device: ", page, StringComparison.Ordinal);
        Assert.Contains("| matmul-f32 | m=4 n=4 k=4 |", page, StringComparison.Ordinal);
        Assert.Contains("not measured: ", page, StringComparison.Ordinal);
        Assert.Contains("peers.py is not there", page, StringComparison.Ordinal);
        Assert.Equal(page, File.ReadAllText(Path.Combine(_folder, "gpu.md")));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void What_PyTorch_answers_stands_beside_our_times()
    {
        AddProduct();
        AddModel("varied", new SpeedCase([Dims(1, 2), Dims(2, 3)]) { Rounds = 2, Ids = 100, Peer = Peer });
        string python = FakePython("""
            case "$2" in
                *libraries*) echo '{"folders": []}' ;;
                *matmul*) echo '{"seconds": 0.5}' ;;
                *compile*) echo noise; echo '{"version": "9", "seconds": [[4, 8], [0.5, 0.25]], "compilations": 3}' ;;
                *) echo '{"missing": "no eager today"}' ;;
            esac
            """);
        string page = Run(Options with { Python = python });
        Assert.Contains("| 500.000 |", page, StringComparison.Ordinal);
        Assert.Contains("| llama | 2 | 2 | dlc | ", page, StringComparison.Ordinal);
        Assert.Contains("| PyTorch eager: not measured: no eager today |", page, StringComparison.Ordinal);
        Assert.Contains("| PyTorch 9 torch.compile(dynamic=True) | 12.000 | 0.750 | 12.750 | 2 |", page, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Attention_stands_beside_PyTorchs()
    {
        var own = new SpeedCase([.. new long[] { 1, 2 }.Select(n => (new Dictionary<string, long> { ["batch"] = 1, ["queries"] = n, ["keys"] = 3 }, 8.0, 0.0))])
        {
            Peer = """{"type":"F16","heads":2,"depth":4,"causal":false}""",
        };
        var request = System.Text.Json.JsonDocument.Parse(Speed.Request(own, (1, 2))).RootElement;
        Assert.Equal("[[1,1,3],[1,2,3]]", request.GetProperty("shapes").GetRawText());
        AddScores(own);
        string python = FakePython("""
            case "$2" in
                *attention*heads*) echo '{"seconds": [0.25, null]}' ;;
                *) echo '{"missing": "nothing else"}' ;;
            esac
            """);
        string[] rows = [.. Run(Options with { Python = python }).Split('\n').Where(l => l.StartsWith("| scores |", StringComparison.Ordinal))];
        Assert.Contains("| 250.000 |", rows[0], StringComparison.Ordinal);
        Assert.Contains("not measured: no time was told", rows[1], StringComparison.Ordinal);
        Assert.Contains("not measured: ", Run(Options), StringComparison.Ordinal);
    }

    [Fact]
    public void Cases_are_checked_and_only_those_asked_for()
    {
        float[] x = [1, 2, 3, 4];
        AddProduct();
        Directory.CreateDirectory(Path.Combine(_folder, "onnx"));
        foreach (string kind in new[] { "case", "dlcx" })
        {
            string path = Path.Combine(_folder, "onnx", $"product.{kind}");
            if (kind == "dlcx")
            {
                File.Copy(Path.Combine(_folder, "matmul-f32.dlcx"), path);
                continue;
            }

            using var file = File.Create(path);
            BundleTensor Tensor(string name, float[] values) => new(name, ScalarType.F32, [2, 2], System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray());
            new BundleCase(1e-3, 1e-4, [([Tensor("a", x), Tensor("b", x)], [Tensor("y", [7, 10, 15, 22])])]).Write(file);
        }

        Assert.Contains("1 passed, 0 failed", Run(Options with { Only = "onnx" }), StringComparison.Ordinal);
        Assert.Contains("Not checked", Run(Options with { Only = "models" }), StringComparison.Ordinal);
    }

    [Fact]
    public void Steps_run_within_their_limits_and_lose_alike()
    {
        AddStep();
        string page = Run(Options);
        string[][] rows = [.. page.Split('\n').Where(l => l.StartsWith("| llama |", StringComparison.Ordinal)).Select(l => l.Split('|', StringSplitOptions.TrimEntries))];
        Assert.Equal(["none", "80% of the arena", "80% of the arena, moving only", "1 GB"], rows.Select(r => r[3]));
        Assert.Single(rows.Select(r => r[10]).Distinct());
        Assert.Equal(("0", "0.00%"), (rows[0][9], rows[2][8]));
        Assert.True(float.Parse(rows[2][9], System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.InRange(float.Parse(rows[0][10], System.Globalization.CultureInfo.InvariantCulture), 1, 7);
    }

    [Fact]
    public void A_step_that_the_memory_does_not_hold_is_skipped_with_a_reason()
    {
        AddStep();
        Assert.Contains("skipped: needs", Run(Options, free: 1 << 20), StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_that_cannot_go_on_leaves_the_figures_of_others()
    {
        AddProduct();
        using var device = new PtxDevice();
        using (File.Create(Path.Combine(_folder, "broken.varied")))
        {
        }

        var (_, failed) = Kit.Run(_folder, new GpuMachine(device, "none", () => long.MaxValue, () => { }), Options);
        string page = File.ReadAllText(Path.Combine(_folder, "gpu.md"));
        Assert.Equal(1, failed);
        Assert.Contains("| matmul-f32 |", page, StringComparison.Ordinal);
        Assert.Contains("The group varied ended early", page, StringComparison.Ordinal);
    }

    [Fact]
    public void The_script_answers_whatever_the_machine_has()
    {
        string script = Path.Combine(Dlc.Peers.Repository.Root, "tests", "gpu", "peers.py");
        var peers = new Dlc.Gpu.Peers("python3", script);
        var answer = peers.Ask("""{"what":"matmul","device":"cpu","type":"F32","n":8,"warmups":1,"runs":3}""");
        Assert.True(Dlc.Gpu.Peers.Reason(answer) is { } reason ? reason.Contains("python3", StringComparison.Ordinal) : answer.GetProperty("seconds").GetDouble() > 0);
        Assert.Contains("no-such-python", Dlc.Gpu.Peers.Reason(new Dlc.Gpu.Peers("no-such-python", script).Ask("{}")), StringComparison.Ordinal);
        var request = System.Text.Json.JsonDocument.Parse(Varied.Request(new SpeedCase([Dims(1, 2), Dims(3, 4)]) { Rounds = 2, Peer = Peer }, "eager")).RootElement;
        Assert.Equal("[[1,2],[3,4]]", request.GetProperty("shapes").GetRawText());
    }

    [Fact]
    public void A_missing_cuBLAS_is_said_with_where_it_was_looked_for()
    {
        using var cublas = Cublas.TryLoad([_folder], out string reason);
        Assert.True(cublas is not null || reason.Contains(_folder, StringComparison.Ordinal) || reason.Contains("does not start", StringComparison.Ordinal));
    }

    [Fact]
    public void The_page_takes_the_figures_between_its_markers()
    {
        string page = Path.Combine(_folder, "page.md");
        File.WriteAllText(page, "before\n<!-- gpu:begin -->\nold\n<!-- gpu:end -->\nafter\n");
        string text = Run(Options with { Only = "nothing", Page = page });
        Assert.Equal($"before\n<!-- gpu:begin -->\n{text}<!-- gpu:end -->\nafter\n", File.ReadAllText(page));
        File.WriteAllText(page, "no markers");
        Assert.Throws<InvalidDataException>(() => new GpuPage().Save(_folder, page));
    }

    [Fact]
    public void Arguments_are_read_and_wrong_ones_named()
    {
        var options = KitOptions.Parse(["/a/b.zip", "--only", "speed", "--page", "p.md", "--python", "py"]);
        Assert.Equal(("/a/b.zip", "speed", "p.md", "py", "/a"), (options.Bundle, options.Only, options.Page, options.Python, options.Out));
        Assert.True(options.Takes("speed"));
        Assert.False(options.Takes("steps"));
        Assert.Contains("'--fast'", Assert.Throws<ArgumentException>(() => KitOptions.Parse(["x.zip", "--fast"])).Message, StringComparison.Ordinal);
        Assert.Contains("--only needs a value", Assert.Throws<ArgumentException>(() => KitOptions.Parse(["x.zip", "--only"])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => KitOptions.Parse(["--only", "speed"]));
    }

    [Fact]
    public void Sums_count_every_round_once()
    {
        Assert.Equal((3.0, 7.0, 3 + 6 + 7 + 9.0), Varied.Sums([[1, 2], [2, 4], [3, 4], [4, 5]]));
        Assert.Equal((3.0, 0.0, 3.0), Varied.Sums([[1, 2]]));
    }

    [Fact]
    public void The_drivers_version_is_found()
    {
        Assert.Equal("535.54.03", CudaMachine.Release("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun  6 22:20:39 UTC 2023"));
        Assert.Null(CudaMachine.Release("none"));
    }

    private static (Dictionary<string, long>, double, double) Dims(long batch, long sequence) => (new() { ["batch"] = batch, ["sequence"] = sequence }, 0, 0);

    private string Run(KitOptions options, long free = long.MaxValue)
    {
        using var device = new PtxDevice();
        var (_, failed) = Kit.Run(_folder, new GpuMachine(device, "none", () => free, () => { }), options);
        Assert.Equal(0, failed);
        return File.ReadAllText(Path.Combine(_folder, "gpu.md"));
    }

    private void AddProduct()
    {
        var module = new Module("product");
        var graph = new Dlc.IR.GraphBuilder(module);
        var (m, n, k) = (module.Facts.NewDim("m"), module.Facts.NewDim("n"), module.Facts.NewDim("k"));
        var a = graph.Input(new TensorType(ElementType.Float32, new Shape([m, k])), "a");
        var b = graph.Input(new TensorType(ElementType.Float32, new Shape([k, n])), "b");
        module.Main = graph.Build([graph.Add(new MatMul(ElementType.Float32), [a, b])]);
        module.OutputNames = ["y"];
        Add("matmul-f32", DlcCompiler.Build(module, Target), "speed", new SpeedCase([(new() { ["m"] = 4, ["n"] = 4, ["k"] = 4 }, 128, 192)]));
    }

    private void AddScores(SpeedCase own)
    {
        var module = new Module("scores");
        var graph = new Dlc.IR.GraphBuilder(module);
        var (batch, queries, keys) = (module.Facts.NewDim("batch"), module.Facts.NewDim("queries"), module.Facts.NewDim("keys"));
        var q = graph.Input(new TensorType(ElementType.Float32, new Shape([batch, queries, module.Dims.Const(4)])), "q");
        var k = graph.Input(new TensorType(ElementType.Float32, new Shape([batch, module.Dims.Const(4), keys])), "k");
        module.Main = graph.Build([graph.Add(new MatMul(ElementType.Float32), [q, k])]);
        module.OutputNames = ["y"];
        Add("scores", DlcCompiler.Build(module, Target), "speed", own);
    }

    private void AddModel(string kind, SpeedCase own)
    {
        string path = Path.Combine(_folder, "llama.onnx");
        OnnxFile.Write(ModelBuilder.Models.Llama(LlamaConfig.Tiny), path);
        Add("llama", DlcCompiler.Build(path, Target), kind, own);
    }

    private void AddStep()
    {
        string path = Path.Combine(_folder, "step.onnx");
        OnnxFile.Write(ModelBuilder.Models.Llama(LlamaConfig.Tiny with { Layers = 3, Vocabulary = 20, Present = false, IsDeclaredOnly = true }), path);
        var training = new TrainingOptions { Loss = "cross-entropy(logits,labels)", Optimizer = new AdamW { LearningRate = 1e-3 } };
        Add("llama", DlcCompiler.BuildTraining(path, training, Target), "step", new SpeedCase([Dims(1, 16)]) { MemoryLimit = 1e9, Shares = [0.8], Ids = 20 });
    }

    private void Add(string name, Compilation compiled, string kind, SpeedCase own)
    {
        using (var model = File.Create(Path.Combine(_folder, $"{name}.dlcx")))
        {
            ExecutableWriter.Write(Stripped.Strip(compiled.Executable), model);
        }

        using var file = File.Create(Path.Combine(_folder, $"{name}.{kind}"));
        own.Write(file);
    }

    [UnsupportedOSPlatform("windows")]
    private string FakePython(string body)
    {
        File.WriteAllText(Path.Combine(_folder, "peers.py"), "");
        string python = Path.Combine(_folder, "python");
        File.WriteAllText(python, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(python, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.UserWrite);
        return python;
    }
}
