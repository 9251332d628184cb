using System.Text.Json;
using Dlc.Compiler.Cli;
using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR.Text;
using Google.Protobuf;
using Xunit;

namespace Dlc.Tests.Unit.Compilation;

/// <summary>The commands as a user types them, on a model of a matrix product, a bias and a tanh.</summary>
public sealed class CommandLineTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-cli").FullName;

    private string ModelPath => Path.Combine(_folder, "model.onnx");

    public CommandLineTests() => File.WriteAllBytes(ModelPath, Model().ToByteArray());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Compile_prints_a_summary_and_writes_a_file_that_runs()
    {
        var file = Path.Combine(_folder, "out.dlcx");
        var (code, output, error) = Run("compile", ModelPath, "-o", file, "--time-passes", "--target", "cpu:x86-64-v3");
        Assert.Equal(("", 0), (error, code));
        Assert.Contains("operators", output);
        Assert.Contains("distinct kernels compiled", output);
        Assert.Contains("fold-constants", output);
        (code, output, _) = Run("run", file, "--dims", "batch=3");
        Assert.Equal(0, code);
        Assert.Contains("y: f32[3,2]  min ", output);
    }

    [Fact]
    public void Run_reads_and_writes_files()
    {
        var input = Path.Combine(_folder, "x.npy");
        Npy.WriteFile(input, TensorData.Of<float>([0, 0, 0, 1, 0, 0], 2, 3));
        var archive = Path.Combine(_folder, "y.npz");
        var (code, output, error) = Run("run", ModelPath, "--input", $"x={input}", "--output", archive, "--repeat", "3");
        Assert.Equal(("", 0), (error, code));
        Assert.Contains("ran 3 times", output);
        var (name, y) = Npz.ReadFile(archive).Single();
        Assert.Equal("y", name);
        Assert.Equal([2, 2], y.Dims.ToArray());
        Assert.Equal([0.5f, -0.5f, 1f + 0.5f, 2f - 0.5f], y.As<float>().ToArray().Select(v => MathF.Round(MathF.Atanh(v), 4)));
    }

    [Fact]
    public void An_input_of_another_rank_is_told_as_such()
    {
        var input = Path.Combine(_folder, "x.npy");
        Npy.WriteFile(input, TensorData.Of<float>([0, 0, 0], 3));
        Assert.Contains("input 'x' has another rank: expected 2 axes [batch,3], found 1 in [3]", Run("run", ModelPath, "--input", $"x={input}").Error);
    }

    [Fact]
    public void Drawn_inputs_are_the_same_every_time_and_lie_in_their_range()
    {
        string[] Outputs() => Run("run", ModelPath, "--dims", "batch=4", "--fill", "x=range(-1e-3,1e-3)").Output.Split('\n');
        Assert.Equal(Outputs()[0], Outputs()[0]);
        Assert.Contains("min -0.46", Outputs()[0]);
    }

    [Fact]
    public void Missing_dims_are_one_error_that_lists_them()
    {
        var (code, _, error) = Run("run", ModelPath);
        Assert.Equal(1, code);
        Assert.StartsWith("error DLC5001: these dims are needed: batch", error);
        (code, _, error) = Run("run", ModelPath, "--dims", "batch=1,sequence=2");
        Assert.Equal(1, code);
        Assert.Contains("no input has a dim 'sequence'", error);
    }

    [Fact]
    public void Users_errors_have_a_code_and_no_stack_trace()
    {
        File.WriteAllText(Path.Combine(_folder, "bad.onnx"), "no model");
        foreach (var args in new string[][]
        {
            ["compile", Path.Combine(_folder, "bad.onnx")], ["compile", Path.Combine(_folder, "missing.onnx")],
            ["run", Path.Combine(_folder, "missing.dlcx")], ["compile", ModelPath, "--target", "gpu"], ["compile", ModelPath, "--dim", "batch=x"],
            ["run", ModelPath, "--input", "z=a.npy"], ["run", ModelPath, "--dims", "batch"], ["inspect", ModelPath, "--after", "nothing"],
            ["compile", ModelPath, "-o", Path.Combine(_folder, "no", "such", "folder.dlcx")], ["run", ModelPath, "--dims", "batch=1", "--fill", "x=3"],
        })
        {
            var (code, _, error) = Run(args);
            Assert.True(code == 1, $"{string.Join(' ', args)} gave {code}: {error}");
            Assert.Matches("^error DLC-?[R0-9]+: ", error);
            Assert.DoesNotContain("   at ", error);
        }
    }

    [Theory]
    [InlineData("DLC2002", 2, 1L << 40)]
    [InlineData("DLC1003", 70, 1)]
    public void Tensors_that_are_too_large_are_no_bugs(string errorCode, int axes, long size)
    {
        var dims = Enumerable.Repeat(size, axes).ToArray();
        var graph = new GraphProto { Name = "large", Input = { Tensor("x", "batch", dims) }, Output = { Tensor("y", "batch", dims) } };
        graph.Node.Add(new NodeProto { Name = "end", OpType = "Tanh", Input = { "x" }, Output = { "y" } });
        var path = Path.Combine(_folder, "large.onnx");
        File.WriteAllBytes(path, new ModelProto { IrVersion = 8, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 17 } } }.ToByteArray());
        var (code, _, error) = Run("compile", path);
        Assert.Equal(1, code);
        Assert.StartsWith($"error {errorCode}: ", error);
    }

    [Fact]
    public void A_compiled_file_is_checked_to_its_last_byte_and_not_compiled_again()
    {
        var file = Path.Combine(_folder, "out.dlcx");
        Assert.Equal(0, Run("compile", ModelPath, "-o", file).Code);
        foreach (var command in new[] { "compile", "inspect", "explain" })
        {
            Assert.Contains("is compiled already", Run(command, file).Error);
        }

        // The constants lie last.
        var bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        var (code, _, error) = Run("run", file, "--dims", "batch=1");
        Assert.Equal(1, code);
        Assert.Contains("the constants of", error);
    }

    [Fact]
    public void A_command_line_that_is_not_understood_gives_2()
    {
        foreach (var args in new string[][] { ["run"], ["fly"], ["run", ModelPath, "--repeat", "0"], ["compile", ModelPath, "--threads", "many"], [] })
        {
            Assert.Equal(2, Run(args).Code);
        }
    }

    [Fact]
    public void Help_is_no_error()
    {
        Assert.Equal(0, Run("--help").Code);
        Assert.Contains("--dims", Run("run", "--help").Output);
    }

    [Fact]
    public void Inspect_prints_the_graph_and_dump_writes_numbered_files()
    {
        var dump = Path.Combine(_folder, "dump");
        var (code, output, error) = Run("inspect", ModelPath, "--after", "import", "--dump", dump);
        Assert.Equal(("", 0), (error, code));
        Assert.Contains("MatMul", output);
        Assert.True(File.Exists(Path.Combine(dump, "00-import.txt")));
        var fused = Run("inspect", ModelPath).Output;
        Assert.Contains("Fused", fused);
        Assert.Equal(fused, GraphPrinter.Print(GraphParser.Parse(fused)));
    }

    [Fact]
    public void Explain_lists_symbols_facts_guards_and_kernels()
    {
        var (code, output, _) = Run("explain", ModelPath, "--dim", "batch=1..64,%2,~8|16");
        Assert.Equal(0, code);
        foreach (var part in new[] { "symbols", "batch: 2..64, likely 8 or 16", "facts", "batch is a multiple of 2", "guards", "batch <= 64  (for", "kernels: 1 launch" })
        {
            Assert.Contains(part, output);
        }
    }

    [Fact]
    public void A_range_that_the_user_gave_is_checked_at_run_time()
    {
        var file = Path.Combine(_folder, "small.dlcx");
        Assert.Equal(0, Run("compile", ModelPath, "-o", file, "--dim", "batch=1..4").Code);
        Assert.Equal(0, Run("run", file, "--dims", "batch=4").Code);
        var (code, _, error) = Run("run", file, "--dims", "batch=5");
        Assert.Equal(1, code);
        Assert.Contains("batch", error);
    }

    [Fact]
    public void Bench_times_each_shape()
    {
        var (code, output, _) = Run("bench", ModelPath, "--dims", "batch=1", "--dims", "batch=8", "--repeat", "3", "--json", "--threads", "1");
        Assert.Equal(0, code);
        using var json = JsonDocument.Parse(output);
        var shapes = json.RootElement.GetProperty("shapes");
        Assert.Equal(2, shapes.GetArrayLength());
        Assert.Equal(8, shapes[1].GetProperty("dims").GetProperty("batch").GetInt64());
        Assert.Equal(3, shapes[0].GetProperty("runs").GetInt32());
        Assert.True(shapes[0].GetProperty("median_ms").GetDouble() > 0);
        Assert.Contains("batch=8", Run("bench", ModelPath, "--dims", "batch=1", "--dims", "batch=8", "--repeat", "2").Output);
    }

    [Fact]
    public void Memory_tells_the_formula_and_the_bytes_and_writes_plan_and_picture()
    {
        var (file, json, svg) = (Path.Combine(_folder, "m.dlcx"), Path.Combine(_folder, "m.json"), Path.Combine(_folder, "m.svg"));
        var (code, output, error) = Run("memory", ModelPath);
        Assert.Equal(("", 0), (error, code));
        Assert.Contains("the arena of a run, in bytes", output);
        Assert.Equal(0, Run("compile", ModelPath, "-o", file).Code);
        (code, output, error) = Run("memory", file, "--dims", "batch=5", "--json", json, "--svg", svg, "--threads", "1");
        Assert.Equal(("", 0), (error, code));
        Assert.Contains("batch=5", output);
        using (var plan = JsonDocument.Parse(File.ReadAllText(json)))
        {
            Assert.Equal(5, plan.RootElement.GetProperty("dims").GetProperty("batch").GetInt64());
        }

        Assert.StartsWith("<svg", File.ReadAllText(svg));
        Assert.Equal(0, Run("memory", file, "--dims", "batch=5", "--dims", "x.0=9", "--json", json).Code);
        using (var plans = JsonDocument.Parse(File.ReadAllText(json)))
        {
            Assert.Equal(9, plans.RootElement[1].GetProperty("dims").GetProperty("batch").GetInt64());
        }

        (code, _, error) = Run("memory", ModelPath, "--json", json);
        Assert.Equal(1, code);
        Assert.Contains("give --dims", error);
        Assert.Contains("no input has a dim 'rows'", Run("memory", file, "--dims", "rows=1").Error);
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (CommandLine.Run(args, output, error), output.ToString(), error.ToString());
    }

    /// <summary>y = tanh(x * w + b) with x [batch, 3], w [3, 2].</summary>
    private static ModelProto Model()
    {
        var graph = new GraphProto { Name = "small" };
        graph.Input.Add(Tensor("x", "batch", 3));
        graph.Output.Add(Tensor("y", "batch", 2));
        graph.Initializer.Add(TensorPb.Encode(TensorData.Of<float>([1, 2, 3, 4, 5, 6], 3, 2), "w"));
        graph.Initializer.Add(TensorPb.Encode(TensorData.Of<float>([0.5f, -0.5f], 2), "b"));
        graph.Node.Add(new NodeProto { Name = "product", OpType = "MatMul", Input = { "x", "w" }, Output = { "p" } });
        graph.Node.Add(new NodeProto { Name = "sum", OpType = "Add", Input = { "p", "b" }, Output = { "s" } });
        graph.Node.Add(new NodeProto { Name = "end", OpType = "Tanh", Input = { "s" }, Output = { "y" } });
        return new ModelProto { IrVersion = 8, Graph = graph, OpsetImport = { new OperatorSetIdProto { Version = 17 } } };
    }

    private static ValueInfoProto Tensor(string name, string batch, params long[] others)
    {
        var shape = new TensorShapeProto();
        shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = batch });
        shape.Dim.AddRange(others.Select(size => new TensorShapeProto.Types.Dimension { DimValue = size }));
        return new ValueInfoProto
        {
            Name = name, Type = new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = 1, Shape = shape } },
        };
    }
}
