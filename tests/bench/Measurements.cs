using Dlc.Peers.Suite;

namespace Dlc.Bench;

/// <summary>One size of one model on both engines, in milliseconds.</summary>
/// <param name="Ours">Median of our runs.</param>
/// <param name="Theirs">Median of ONNX Runtime's runs, taken in turns with ours.</param>
internal sealed record Timing(string Model, string Size, int Threads, double Ours, double Theirs);

/// <summary>What a size costs us when it is new.</summary>
/// <param name="Extra">Milliseconds that the first run takes more than the same run later, its outputs in fresh memory both times.</param>
/// <param name="Allocated">Managed bytes that each later run allocates.</param>
internal sealed record NewShape(string Model, string Size, double Extra, double Allocated);

/// <summary>What compiling and loading a model costs.</summary>
/// <param name="Seconds">From the ONNX file to the executable file.</param>
/// <param name="FileBytes">Size of the executable file.</param>
/// <param name="FirstLoad">Milliseconds of the first load in a process, the runtime's own start included.</param>
/// <param name="LaterLoad">Median milliseconds of later loads.</param>
internal sealed record CompileFigures(string Model, double Seconds, long FileBytes, double FirstLoad, double LaterLoad);

/// <summary>Takes the times.</summary>
internal sealed class Measurements(Arguments arguments)
{
    /// <summary>Times the sizes of one model; engines take turns, so that a slow spell of the machine hits both.</summary>
    public IEnumerable<Timing> Compare(SuiteModel model, int threads)
    {
        using var ours = new Peer(arguments.Engine);
        using var theirs = new Peer("ort");
        ours.Load(model.Name, threads);
        theirs.Load(model.Name, threads);
        foreach (var size in model.Cases.Where(c => arguments.AllSizes || c.Timed))
        {
            var (one, other) = (new List<double>(), new List<double>());
            ours.Case(size.Label);
            ours.Time(arguments.Slice / 4);
            theirs.Case(size.Label);
            theirs.Time(arguments.Slice / 4);
            for (var round = 0; round < arguments.Rounds; round++)
            {
                one.AddRange(ours.Time(arguments.Slice));
                other.AddRange(theirs.Time(arguments.Slice));
            }

            yield return new Timing(model.Name, size.Label, threads, Statistics.Median(one), Statistics.Median(other));
        }
    }

    /// <summary>
    /// Meets every size of a model on one thread: the largest first, so that memory has grown before, then each of the others for the first
    /// time and again. Of several processes the least cost counts, as only the machine can add to it.
    /// </summary>
    public IEnumerable<NewShape> Shapes(SuiteModel model)
    {
        const int processes = 3;
        const int repeats = 7;
        var sizes = model.Cases.OrderByDescending(c => c.Sizes.Values.Aggregate(1L, (a, b) => a * Math.Max(1, b))).ToList();
        var found = new List<NewShape>();
        for (var process = 0; process < processes; process++)
        {
            using var ours = new Peer(arguments.Engine);
            ours.Load(model.Name, 1);
            ours.Case(sizes[0].Label);
            foreach (var size in sizes.Skip(1))
            {
                var first = ours.Case(size.Label);
                var again = Statistics.Median([.. Enumerable.Range(0, repeats).Select(_ => ours.Case(size.Label))]);
                found.Add(new NewShape(model.Name, size.Label, first - again, ours.Allocated()));
            }
        }

        return found.GroupBy(f => f.Size).Select(g => new NewShape(model.Name, g.Key, g.Min(f => f.Extra), g.Min(f => f.Allocated)));
    }

    /// <summary>Compiles a model to a file and loads that, each in a process that has done nothing else.</summary>
    public static CompileFigures Compile(SuiteModel model)
    {
        _ = model.Path;
        var file = Path.Combine(Path.GetTempPath(), $"dlc-bench-{Environment.ProcessId}-{model.Name}.dlcx");
        try
        {
            using var compiler = new Peer("dlc");
            var seconds = compiler.Compile(model.Name, file) / 1000;
            using var runtime = new Peer("dlc");
            var first = runtime.Open(file);
            var later = Statistics.Median([.. Enumerable.Range(0, 9).Select(_ => runtime.Open(file))]);
            return new CompileFigures(model.Name, seconds, new FileInfo(file).Length, first, later);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
