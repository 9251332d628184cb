using System.Diagnostics;
using System.Globalization;
using Dlc.Compiler;
using Dlc.Peers;
using Dlc.Peers.Suite;
using Dlc.Runtime;

namespace Dlc.Bench;

/// <summary>
/// The process that runs one engine: commands come in and answers go out a line each. Each peer has a process of its own, because a thread
/// pool that spins between runs would take the other's processor.
/// </summary>
internal static class Worker
{
    /// <summary>Serves commands until the input ends.</summary>
    public static void Serve(string engineName)
    {
        var engine = Engines.Create(engineName);
        SuiteModel? suite = null;
        IEngineModel? model = null;
        IPreparedRun? run = null;
        while (Console.In.ReadLine() is { } line)
        {
            var words = line.Split(' ');
            string answer;
            try
            {
                switch (words[0])
                {
                    case "load":
                        suite = BenchModels.ByName(words[1]);
                        var path = suite.Path;
                        var watch = Stopwatch.StartNew();
                        model = engine.Load(path, int.Parse(words[2], CultureInfo.InvariantCulture));
                        answer = Format(watch.Elapsed.TotalMilliseconds);
                        break;
                    case "case":
                        run?.Dispose();
                        run = model!.Prepare(suite!.Inputs(suite.Cases.First(c => c.Label == words[1])));
                        answer = Format(Time(run));
                        break;
                    case "time":
                        answer = string.Join(' ', Slice(run!, int.Parse(words[1], CultureInfo.InvariantCulture)).Select(Format));
                        break;
                    case "compile":
                        var report = DlcCompiler.CompileToFile(BenchModels.ByName(words[1]).Path, words[2]);
                        answer = Format(report.Elapsed.TotalMilliseconds);
                        break;
                    case "open":
                        answer = Format(Open(words[1]));
                        break;
                    case "mapped":
                        suite = BenchModels.ByName(words[1]);
                        model = DlcEngine.LoadCompiled(words[2], int.Parse(words[3], CultureInfo.InvariantCulture));
                        answer = Format(ResidentMemory.Read());
                        break;
                    case "bind":
                        run?.Dispose();
                        run = model!.Prepare(suite!.Inputs(MemorySizes.Parse(words[1])));
                        answer = Format(ResidentMemory.Settle());
                        break;
                    case "run":
                        run!.Run();
                        answer = Format(ResidentMemory.Read());
                        break;
                    case "soak":
                        answer = string.Join(' ', Soak(model!, suite!, int.Parse(words[1], CultureInfo.InvariantCulture)).Select(Format));
                        break;
                    case "allocated":
                        answer = Format(Allocated(run!));
                        break;
                    default:
                        throw new ArgumentException($"unknown command '{line}'");
                }
            }
            catch (Exception e)
            {
                answer = $"error {e.GetType().Name}: {e.Message.ReplaceLineEndings(" ")}";
            }

            Console.Out.WriteLine(Peer.Mark + answer);
            Console.Out.Flush();
        }
    }

    // Resident bytes after run 200 and after the last of many runs, each with inputs of other sizes. Memory follows the sizes of the last runs, so the same ones
    // go before both moments.
    private static List<double> Soak(IEngineModel model, SuiteModel suite, int runs)
    {
        const int warm = 200;
        const int before = 50;
        var resident = new List<double>();
        var drawn = new Random(11);
        Many(warm - before, drawn);
        Many(before, new Random(12));
        resident.Add(ResidentMemory.Settle());
        Many(runs - warm - before, drawn);
        Many(before, new Random(12));
        resident.Add(ResidentMemory.Settle());
        return resident;

        void Many(int count, Random random)
        {
            for (var i = 0; i < count; i++)
            {
                using var run = model.Prepare(suite.Inputs(MemorySizes.Draw(suite, random)));
                run.Run();
            }
        }
    }

    // Milliseconds of runs, one after another, until the slice is over; at least one.
    private static List<double> Slice(IPreparedRun run, int milliseconds)
    {
        var times = new List<double>();
        var watch = Stopwatch.StartNew();
        do
        {
            times.Add(Time(run));
        }
        while (watch.ElapsedMilliseconds < milliseconds);
        return times;
    }

    private static double Time(IPreparedRun run)
    {
        var start = Stopwatch.GetTimestamp();
        run.Run();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    // Managed bytes a run, by all threads; the least of several counts, as the framework's own threads allocate now and then.
    private static double Allocated(IPreparedRun run)
    {
        const int runs = 10;
        var least = double.PositiveInfinity;
        for (var attempt = 0; attempt < 5 && least > 0; attempt++)
        {
            run.Run();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            for (var i = 0; i < runs; i++)
            {
                run.Run();
            }

            least = Math.Min(least, (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)runs);
        }

        return least;
    }

    private static double Open(string path)
    {
        var start = Stopwatch.GetTimestamp();
        using var model = CompiledModel.Load(path);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static string Format(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
