using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Dlc.IR.Diagnostics;
using Dlc.Runtime;
using Spectre.Console;

namespace Dlc.Compiler.Cli;

/// <summary><c>dlc bench</c>: compiles once and times each shape.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var model = CommonOptions.Model(compiled: true);
        var (dims, fill) = (CommonOptions.Dims(), CommonOptions.Fill());
        dims.Description = "The sizes of one shape, such as batch=4,seq=77; give the option once for each shape";
        var repeat = CommonOptions.Repeat("Timed runs of each shape, interleaved with those of the others", 20);
        var (threads, target, dim) = (CommonOptions.Threads(), CommonOptions.Target(), CommonOptions.Dim());
        var limit = CommonOptions.MemoryLimit();
        var json = new Option<bool>("--json") { Description = "Print the figures as JSON" };
        var command = new Command("bench", "Compile a model once and time it at several shapes") { model, dims, fill, repeat, threads, limit, target, dim, json };
        command.SetAction(parsed =>
        {
            var texts = parsed.GetValue(dims) is { Length: > 0 } given ? given : [""];
            var sizes = texts.Select(t => DimAssignments.Parse([t])).ToList();
            var fills = FillRange.Parse(parsed.GetValue(fill) ?? []);
            var bytes = ByteSize.Limit(parsed, limit);
            var options = new CompileOptions
            {
                MemoryLimit = bytes,
                Target = parsed.GetValue(target)!,
                Dims = parsed.GetValue(dim) ?? [],
                Threads = parsed.GetValue(threads),
            };
            var (compiled, report) = ModelLoader.Load(parsed.GetRequiredValue(model), options);
            using var loaded = compiled;
            using var session = loaded.CreateSession(new SessionOptions
            {
                Threads = parsed.GetValue(threads),
                MemoryLimit = bytes,
            });
            var shapes = Measure(loaded, session, sizes, fills, parsed.GetValue(repeat));
            if (parsed.GetValue(json))
            {
                PrintJson(loaded, session, report, shapes, parsed.InvocationConfiguration.Output);
            }
            else
            {
                PrintTable(loaded, session, report, shapes, parsed.InvocationConfiguration.Output);
            }

            return ExitCodes.Good;
        });
        return command;
    }

    private static List<Shape> Measure(CompiledModel model, Session session, List<Dictionary<string, long>> sizes,
        Dictionary<string, FillRange> fills, int repeat)
    {
        var shapes = new List<Shape>();
        try
        {
            foreach (var size in sizes)
            {
                var binding = session.CreateBinding();
                shapes.Add(new Shape(size, binding));
                RunInputs.Bind(model, binding, new Dictionary<string, IO.TensorData>(), size, fills);
            }

            foreach (var shape in shapes)
            {
                shape.First = Time(session, shape.Binding);
            }

            for (var i = 0; i < repeat; i++)
            {
                foreach (var shape in shapes)
                {
                    shape.Times.Add(Time(session, shape.Binding));
                }
            }
        }
        finally
        {
            shapes.ForEach(s => s.Binding.Dispose());
        }

        return shapes;
    }

    private static double Time(Session session, RunBinding binding)
    {
        var start = Stopwatch.GetTimestamp();
        session.Run(binding);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static void PrintTable(CompiledModel model, Session session, CompileReport? report, List<Shape> shapes, TextWriter output)
    {
        var compiled = report is null ? "loaded" : $"compiled in {Timing.Milliseconds(report.Elapsed.TotalMilliseconds)}";
        output.WriteLine($"{model.Name}, {session.Threads} threads, {compiled}");
        var table = new Table().Border(TableBorder.Simple).AddColumns("dims", "first ms", "median ms", "least ms", "runs");
        foreach (var shape in shapes)
        {
            table.AddRow(Markup.Escape(shape.Text), Number(shape.First), Number(Timing.Median(shape.Times)), Number(shape.Times.Min()),
                shape.Times.Count.ToString(CultureInfo.InvariantCulture));
        }

        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
    }

    private static void PrintJson(CompiledModel model, Session session, CompileReport? report, List<Shape> shapes, TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("model", model.Name);
            json.WriteString("target", model.Executable.Model.Target.Name);
            json.WriteNumber("threads", session.Threads);
            if (report is not null)
            {
                json.WriteNumber("compile_seconds", report.Elapsed.TotalSeconds);
            }

            json.WriteStartArray("shapes");
            foreach (var shape in shapes)
            {
                json.WriteStartObject();
                json.WriteStartObject("dims");
                foreach (var (name, size) in shape.Sizes)
                {
                    json.WriteNumber(name, size);
                }

                json.WriteEndObject();
                json.WriteNumber("first_ms", shape.First);
                json.WriteNumber("median_ms", Timing.Median(shape.Times));
                json.WriteNumber("least_ms", shape.Times.Min());
                json.WriteNumber("runs", shape.Times.Count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    /// <summary>One shape and its milliseconds.</summary>
    private sealed class Shape(Dictionary<string, long> sizes, RunBinding binding)
    {
        public Dictionary<string, long> Sizes => sizes;

        public RunBinding Binding => binding;

        public double First { get; set; }

        public List<double> Times { get; } = [];

        public string Text => sizes.Count == 0 ? "fixed" : string.Join(',', sizes.Select(s => $"{s.Key}={s.Value}"));
    }
}
