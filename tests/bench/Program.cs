using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Dlc.Bench;
using Dlc.Bench.Llama;
using Dlc.Peers.OnnxRuntime;
using Dlc.Peers.Suite;

if (args is ["--worker", var engine])
{
    Worker.Serve(engine);
    return 0;
}

if (args is ["--memory", .. var rest])
{
    return MemoryProgram.Run(rest);
}

if (args is ["--planning", .. var options])
{
    return PlanningProgram.Run(options);
}

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(Arguments.Help);
    return 0;
}

if (args is ["--micro", .. var which])
{
    // In this process: a benchmark project of its own would have to be restored and built.
    var job = Job.Default.WithToolchain(InProcessEmitToolchain.Instance);
    var config = DefaultConfig.Instance.AddJob(job).WithArtifactsPath(Path.Combine(Path.GetTempPath(), "dlc-micro"));
    BenchmarkRunner.Run(which is ["ptx"] ? typeof(PtxBenchmarks) : typeof(MicroBenchmarks), config);
    return 0;
}

Arguments arguments;
try
{
    arguments = Arguments.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n{Arguments.Help}");
    return 2;
}

if (arguments.Only is ["llama-plan"])
{
    PlanProgram.Run(arguments.Page, arguments.Exact);
    return 0;
}

if (arguments.Only is ["llama-train"])
{
    TrainProgram.Run(arguments.Page, arguments.Steps);
    return 0;
}

if (OrtLibrary.Missing is { } reason)
{
    Console.Error.WriteLine(reason);
    return 1;
}

bool Wanted(SuiteModel model) => arguments.Models.Any(m => model.Name.Contains(m, StringComparison.Ordinal));
var measurements = new Measurements(arguments);
var report = new Report(arguments);
if (arguments.Only.Contains("speed"))
{
    report.Timings("Networks", Compare(BenchModels.Networks));
}

if (arguments.Only.Contains("gemm"))
{
    report.Timings("Matrix product with constant right side", Compare(BenchModels.Gemm));
}

if (arguments.Only.Contains("shapes"))
{
    report.Shapes([.. BenchModels.Networks.Where(m => Wanted(m) && m.Missing is null).SelectMany(m => Try(m, () => measurements.Shapes(m)))]);
}

if (arguments.Only.Contains("compile"))
{
    report.Compilations([.. BenchModels.Networks.Append(ModelSuite.Deep).Where(m => Wanted(m) && m.Missing is null)
        .DistinctBy(m => m.Path).SelectMany(m => Try(m, () => new[] { Measurements.Compile(m) }))]);
}

report.Write(arguments.Page);
return 0;

List<Timing> Compare(IEnumerable<SuiteModel> models)
{
    var timings = new List<Timing>();
    foreach (var threads in arguments.Threads)
    {
        foreach (var model in models.Where(Wanted))
        {
            if (model.Missing is { } why)
            {
                Console.Error.WriteLine($"skipped {model.Name}: {why}");
                continue;
            }

            foreach (var timing in Try(model, () => measurements.Compare(model, threads)))
            {
                Console.Error.WriteLine($"{timing.Model} {timing.Size} x{timing.Threads}: dlc {timing.Ours:F3} ms, ort {timing.Theirs:F3} ms, {timing.Ours / timing.Theirs:F2}");
                timings.Add(timing);
            }
        }
    }

    return timings;
}

// What one model cannot give must not cost the others' figures.
static List<T> Try<T>(SuiteModel model, Func<IEnumerable<T>> measure)
{
    var results = new List<T>();
    try
    {
        foreach (var result in measure())
        {
            results.Add(result);
        }
    }
    catch (BenchException e)
    {
        Console.Error.WriteLine($"skipped {model.Name}: {e.Message}");
    }

    return results;
}
