using System.Diagnostics;
using Dlc.Compiler.IO;
using Dlc.Peers;
using Google.Protobuf;
using ModelBuilder;
using Xunit;

namespace Dlc.Tests.Unit.Conformance;

/// <summary>The runner of ONNX's cases survives whatever a case does to it.</summary>
public sealed class RunnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("dlc-cases-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_case_that_crashes_exits_or_hangs_takes_only_its_worker_with_it()
    {
        string[] names = ["crash", "exit", "fine", "hang", "overflow", "print", "zlast"];
        foreach (var name in names)
        {
            Write(name);
        }

        var (lines, code) = Run("--engine", "faulty", "--timeout", "6", "--jobs", "2", _folder);
        var parent = Path.GetFileName(_folder);
        Assert.Equal(1, code);
        Assert.Equal(names.Length + 1, lines.Count);
        Assert.StartsWith($"fail {parent}/crash: the process died", lines[0]);
        Assert.StartsWith($"fail {parent}/exit: the process died (exit code 3)", lines[1]);
        Assert.Equal($"unsupported {parent}/fine: nothing is supported here", lines[2]);
        Assert.Equal($"fail {parent}/hang: did not end within 6 s", lines[3]);
        Assert.StartsWith($"fail {parent}/overflow: the process died", lines[4]);
        Assert.Equal($"unsupported {parent}/print: nothing is supported here", lines[5]);
        Assert.Equal($"unsupported {parent}/zlast: nothing is supported here", lines[6]);
        Assert.Equal("0 passed, 4 failed, 3 skipped", lines[^1]);
    }

    [Fact]
    public void Known_failures_do_not_fail_the_run_but_lost_passes_do()
    {
        Write("crash");
        Write("fine");
        var parent = Path.GetFileName(_folder);
        var expected = Path.Combine(_folder, "expected.txt");
        string[] arguments = ["--engine", "faulty", "--expected", expected, _folder];

        File.WriteAllText(expected, $"fail {parent}/crash\n");
        Assert.Equal(("0 passed, 0 failed, 2 skipped", 0), Last(Run(arguments)));
        File.WriteAllText(expected, $"pass {parent}/fine\n");
        Assert.Equal(("0 passed, 2 failed, 0 skipped", 1), Last(Run(arguments)));
        Run([.. arguments, "--bless"]);
        Assert.Equal(("0 passed, 0 failed, 2 skipped", 0), Last(Run(arguments)));
    }

    [Fact]
    public void A_folder_that_is_not_there_is_a_usage_error()
    {
        var (_, code) = Run("--engine", "faulty", Path.Combine(_folder, "none"));
        Assert.Equal(2, code);
    }

    private static (string Line, int Code) Last((List<string> Lines, int Code) result) => (result.Lines[^1], result.Code);

    private void Write(string name)
    {
        var data = Directory.CreateDirectory(Path.Combine(_folder, name, "test_data_set_0")).FullName;
        var g = new GraphBuilder(name, opset: 17, seed: 1);
        var x = g.Input("x", Compiler.Onnx.Proto.TensorProto.Types.DataType.Float, "1");
        g.Output("y", x, Compiler.Onnx.Proto.TensorProto.Types.DataType.Float, "1");
        File.WriteAllBytes(Path.Combine(_folder, name, "model.onnx"), g.Finish().ToByteArray());
        TensorPb.WriteFile(Path.Combine(data, "input_0.pb"), TensorData.Of<float>([1], 1));
        TensorPb.WriteFile(Path.Combine(data, "output_0.pb"), TensorData.Of<float>([1], 1));
    }

    private static (List<string> Lines, int Code) Run(params string[] arguments)
    {
        var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Debug{Path.DirectorySeparatorChar}") ? "Debug" : "Release";
        var program = Path.Combine(Repository.Root, "tests", "conformance", "bin", configuration, "net10.0", "Dlc.Conformance.dll");
        var start = new ProcessStartInfo("dotnet", [program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToList();
        process.WaitForExit();
        errors.Wait();
        return (lines, process.ExitCode);
    }
}
