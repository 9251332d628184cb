using System.Diagnostics;
using System.Globalization;
using Dlc.Compiler;
using Dlc.Peers;
using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;
using Dlc.Runtime;

namespace Dlc.Bench;

/// <summary>What one size of one network needs, in bytes.</summary>
/// <param name="Arena">Our arena.</param>
/// <param name="Bound">The largest sum of what is alive at one step.</param>
/// <param name="Unordered">Our arena with operations in the model's order.</param>
/// <param name="Outputs">The outputs, which lie outside of the arena.</param>
/// <param name="Ours">What our process grows by on the first and on the second run.</param>
/// <param name="Theirs">What ONNX Runtime's process grows by.</param>
internal sealed record MemoryFigures(string Model, string Size, double Arena, double Bound, double Unordered, double Outputs,
    (double First, double Second) Ours, (double First, double Second) Theirs);

/// <summary>Resident bytes of the engines' processes after run 200 and at the end of many runs at drawn sizes.</summary>
internal sealed record SoakFigures(string Model, int Runs, double[] Ours, double[] Theirs);

/// <summary>Milliseconds that the plan of a size takes which was not planned before, its report included: the median, and what 19 of 20 stay within;
/// and microseconds until a session has the plan of a size met before.</summary>
internal sealed record PlanFigures(string Model, double Median, double Most, double Cached);

/// <summary>Measures memory: <c>tests/bench/memory</c>.</summary>
internal static class MemoryProgram
{
    private const string Help = """
        tests/bench/memory [options]
          --models A,B      only suite models whose name contains one of these
          --threads N       threads of both engines (default: 2)
          --runs N          runs at drawn sizes, 0 for none (default: 2000)
          --page FILE       write the tables between the markers of FILE (docs/memory.md); default: print only
        """;

    /// <summary>Runs it.</summary>
    public static int Run(string[] args)
    {
        IReadOnlyList<string> models = [""];
        var (threads, runs) = (2, 2000);
        string? page = null;
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i++])
            {
                case "--models":
                    models = value.Split(',');
                    break;
                case "--threads":
                    threads = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--runs":
                    runs = int.Parse(value, CultureInfo.InvariantCulture);
                    break;
                case "--page":
                    page = value;
                    break;
                default:
                    Console.Error.WriteLine(Help);
                    return 2;
            }
        }

        if (OrtLibrary.Missing is { } reason)
        {
            Console.Error.WriteLine(reason);
            return 1;
        }

        var (figures, soaks, plans) = (new List<MemoryFigures>(), new List<SoakFigures>(), new List<PlanFigures>());
        foreach (var model in BenchModels.Networks.Where(m => models.Any(n => m.Name.Contains(n, StringComparison.Ordinal))))
        {
            if (model.Missing is { } why)
            {
                Console.Error.WriteLine($"skipped {model.Name}: {why}");
                continue;
            }

            var file = Path.Combine(Path.GetTempPath(), $"dlc-memory-{Environment.ProcessId}.dlcx");
            try
            {
                DlcCompiler.CompileToFile(model.Path, file);
                figures.AddRange(Measure(model, file, threads));
                plans.Add(Plan(model, file, threads));

                // Thousands of runs of the large ones would take hours and show nothing that these do not.
                if (runs > 0 && ModelSuite.Real.Contains(model))
                {
                    soaks.Add(Soak(model, file, threads, runs));
                }
            }
            catch (BenchException e)
            {
                Console.Error.WriteLine($"skipped {model.Name}: {e.Message}");
            }
            finally
            {
                File.Delete(file);
            }
        }

        new MemoryPage(threads).Write(figures, soaks, plans, page);
        return 0;
    }

    private static IEnumerable<MemoryFigures> Measure(SuiteModel model, string file, int threads)
    {
        using var ordered = CompiledModel.Load(file);
        using var unordered = DlcCompiler.Compile(model.Path, new CompileOptions { KeepOrder = true });
        var query = new MemoryQuery { Threads = threads };
        foreach (var size in MemorySizes.Of(model))
        {
            var plan = ordered.MemoryFor(size.Sizes, query);
            var ours = Grow("dlc", size, peer => peer.Map(model.Name, file, threads));
            var theirs = Grow("ort", size, peer => peer.Load(model.Name, threads));
            var figures = new MemoryFigures(model.Name, size.Label, plan.PeakBytes, plan.LowerBoundBytes, unordered.MemoryFor(size.Sizes, query).PeakBytes,
                plan.OutputBytes, ours, theirs);
            Console.Error.WriteLine(figures);
            yield return figures;
        }
    }

    private static (double First, double Second) Grow(string engine, SuiteCase size, Action<Peer> load)
    {
        using var peer = new Peer(engine);
        load(peer);
        var before = peer.Bind(size.Label);
        var first = peer.Run();
        return (first - before, peer.Run() - first);
    }

    private static SoakFigures Soak(SuiteModel model, string file, int threads, int runs)
    {
        using var ours = new Peer("dlc", isSettled: true);
        ours.Map(model.Name, file, threads);
        using var theirs = new Peer("ort", isSettled: true);
        theirs.Load(model.Name, threads);
        var figures = new SoakFigures(model.Name, runs, ours.Soak(runs), theirs.Soak(runs));
        Console.Error.WriteLine($"{model.Name}: {string.Join(" to ", figures.Ours)}, ORT {string.Join(" to ", figures.Theirs)}");
        return figures;
    }

    private static PlanFigures Plan(SuiteModel model, string file, int threads)
    {
        const int Drawn = 200;
        using var compiled = CompiledModel.Load(file);
        var (random, query, times) = (new Random(3), new MemoryQuery { Threads = threads }, new List<double>());
        for (var i = 0; i < 2 * Drawn; i++)
        {
            var sizes = MemorySizes.Draw(model, random).Sizes;
            var start = Stopwatch.GetTimestamp();
            compiled.MemoryFor(sizes, query);

            // The first half lets the JIT settle.
            if (i >= Drawn)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return new PlanFigures(model.Name, Statistics.Median(times), times.Order().ElementAt(Drawn * 95 / 100), Cached(model, compiled, threads));
    }

    private static double Cached(SuiteModel model, CompiledModel compiled, int threads)
    {
        const int Calls = 2000;
        using var session = compiled.CreateSession(new SessionOptions { Threads = threads });
        using var binding = session.CreateBinding();
        foreach (var (name, value) in model.Inputs(model.Cases[0]))
        {
            var tensor = ((Value.Dense)value).Tensor;
            binding.BindInputBytes(name, tensor.Bytes, tensor.Dims);
        }

        var times = new List<double>();
        for (var slice = 0; slice < 20; slice++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < Calls; i++)
            {
                session.ArenaBytesFor(binding);
            }

            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds / Calls);
        }

        return Statistics.Median(times);
    }
}
