using System.CommandLine;
using System.Diagnostics;
using Dlc.Runtime;
using Dlc.Runtime.Format;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc run</c>: runs a model once or more and prints its outputs' statistics.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: true);
        var single = new Option<string[]>("--input") { Description = "An input from a file", HelpName = "NAME=FILE.npy|FILE.pb" };
        var archive = new Option<string?>("--inputs") { Description = "Inputs from the arrays of an .npz file, by name", HelpName = "FILE.npz" };
        var output = new Option<string?>("--output") { Description = "Write all outputs to an .npz file, by name", HelpName = "FILE.npz" };
        var (dims, fill, repeat) = (CommonOptions.Dims(), CommonOptions.Fill(), CommonOptions.Repeat("Run this many times", 1));
        var (threads, target, dim, dump) = (CommonOptions.Threads(), CommonOptions.Target(), CommonOptions.Dim(), CommonOptions.Dump());
        var limit = CommonOptions.MemoryLimit();
        var command = new Command("run", "Run a model") { model, single, archive, dims, fill, output, repeat, threads, limit, target, dim, dump };
        command.SetAction(parsed =>
        {
            var sizes = DimAssignments.Parse(parsed.GetValue(dims) ?? []);
            var fills = FillRange.Parse(parsed.GetValue(fill) ?? []);
            var bytes = ByteSize.Limit(parsed, limit);
            var options = new CompileOptions
            {
                MemoryLimit = bytes,
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dim) ?? [],
                Threads = parsed.GetValue(threads),
                DumpDirectory = parsed.GetValue(dump),
            };
            var (compiled, report) = ModelLoader.Load(parsed.GetRequiredValue(model), options);
            using var loaded = compiled;
            using var session = loaded.CreateSession(new SessionOptions
            {
                Threads = parsed.GetValue(threads),
                MemoryLimit = bytes,
            });
            using var binding = session.CreateBinding();
            var files = TensorFiles.Read(loaded, parsed.GetValue(single) ?? [], parsed.GetValue(archive));
            RunInputs.Bind(loaded, binding, files, sizes, fills);
            var times = Run(session, binding, parsed.GetValue(repeat));
            var text = parsed.InvocationConfiguration.Output;
            Print(loaded, binding, report, times, text);
            if (session.PlansMadeInRuns > 0)
            {
                text.WriteLine($"sizes that data decided did not fit: the rest was planned anew in the middle of a run ({session.PlansMadeInRuns} in all), "
                    + $"{Summary.Bytes(session.BytesMovedInRuns)} moved");
            }

            if (parsed.GetValue(output) is { } path)
            {
                TensorFiles.Write(path, loaded, binding);
                text.WriteLine($"wrote {path}");
            }

            return ExitCodes.Good;
        });
        return command;
    }

    /// <summary>Milliseconds of each run.</summary>
    private static List<double> Run(Session session, RunBinding binding, int repeat)
    {
        var times = new List<double>(repeat);
        for (var i = 0; i < repeat; i++)
        {
            var start = Stopwatch.GetTimestamp();
            session.Run(binding);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return times;
    }

    private static void Print(CompiledModel model, RunBinding binding, CompileReport? report, List<double> times, TextWriter output)
    {
        foreach (var port in model.Outputs)
        {
            var shape = string.Join(',', binding.OutputDims(port.Name).ToArray());
            var statistics = OutputStatistics.Describe(port.Type, TensorFiles.Bytes(binding, port.Name));
            output.WriteLine($"{port.Name}: {port.Type.Name()}[{shape}]  {statistics}");
        }

        if (report is not null)
        {
            output.WriteLine($"compiled in {Timing.Milliseconds(report.Elapsed.TotalMilliseconds)}");
        }

        output.WriteLine(times.Count == 1
            ? $"ran in {Timing.Milliseconds(times[0])}"
            : $"ran {times.Count} times: first {Timing.Milliseconds(times[0])}, median of the others {Timing.Milliseconds(Timing.Median(times[1..]))}, "
                + $"least {Timing.Milliseconds(times.Min())}");
    }
}
