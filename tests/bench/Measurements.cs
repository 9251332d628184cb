using Dlc.Peers.Suite;

namespace Dlc.Bench;

/// <summary>One size of one model on both engines, in milliseconds.</summary>
/// <param name="Ours">Median of our runs.</param>
/// <param name="Theirs">Median of ONNX Runtime's runs, taken in turns with ours.</param>
internal sealed record Timing(string Model, string Size, int Threads, double Ours, double Theirs);

/// <summary>What a size costs us when it is new, in milliseconds.</summary>
/// <param name="First">The first run at this size, in a process that had run another one.</param>
/// <param name="Later">Median of later runs.</param>
/// <param name="Allocated">Managed bytes that each later run allocated.</param>
internal sealed record NewShape(string Model, string Size, double First, double Later, double Allocated);

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

    /// <summary>Meets every size of a model in one process on one thread.</summary>
    public IEnumerable<NewShape> Shapes(SuiteModel model)
    {
        using var ours = new Peer(arguments.Engine);
        ours.Load(model.Name, 1);

        // One size before: what a process pays once is not what a new shape costs.
        ours.Case(model.Cases[0].Label);
        foreach (var size in model.Cases.Skip(1))
        {
            var first = ours.Case(size.Label);
            yield return new NewShape(model.Name, size.Label, first, Statistics.Median(ours.Time(arguments.Slice)), ours.Allocated());
        }
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
