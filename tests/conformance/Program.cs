using System.Threading.Channels;
using Dlc.Conformance;
using Dlc.Peers;

if (args is ["--help"] or ["-h"])
{
    Console.WriteLine(Arguments.Help);
    return 0;
}

Arguments arguments;
List<Case> cases;
try
{
    arguments = Arguments.Parse(args);
    if (arguments.Worker)
    {
        Worker.Serve(Engine(arguments.Engine));
        return 0;
    }

    _ = Engine(arguments.Engine);
    cases = [.. Case.Find(arguments.Folders).Where(c => c.Name.Contains(arguments.Filter, StringComparison.Ordinal))];
}
catch (Exception e) when (e is ArgumentException or DirectoryNotFoundException)
{
    Console.Error.WriteLine($"{e.Message}\n{Arguments.Help}");
    return 2;
}

// Each worker takes the next case when it is free; lines are printed in the order of the cases all the same.
var verdicts = cases.Select(_ => new TaskCompletionSource<Verdict>()).ToArray();
var queue = Channel.CreateUnbounded<int>();
for (var i = 0; i < cases.Count; i++)
{
    queue.Writer.TryWrite(i);
}

queue.Writer.Complete();
var workers = Enumerable.Range(0, Math.Min(arguments.Jobs, cases.Count)).Select(_ => Task.Run(async () =>
{
    using var worker = new Worker(arguments.Engine, arguments.Limit);
    await foreach (var i in queue.Reader.ReadAllAsync())
    {
        verdicts[i].SetResult(await worker.Run(cases[i]));
    }
})).ToArray();

// A worker that throws must not leave its cases unanswered and this program waiting for them.
_ = Task.WhenAll(workers).ContinueWith(
    all => Array.ForEach(verdicts, v => v.TrySetException(all.Exception!.InnerException!)),
    TaskContinuationOptions.OnlyOnFaulted);

var expectations = arguments.Expected is { } file ? Expectations.Read(file) : null;
var results = new List<(Case Case, Verdict Verdict)>();
var regressions = 0;
for (var i = 0; i < cases.Count; i++)
{
    var verdict = await verdicts[i].Task;
    results.Add((cases[i], verdict));
    var regression = !arguments.Bless && expectations?.IsRegression(cases[i], verdict) == true;
    regressions += regression ? 1 : 0;
    var colon = verdict.Reason.Length > 0 ? ": " : "";
    Console.WriteLine($"{verdict.Outcome.ToString().ToLowerInvariant()} {cases[i].Name}{colon}{verdict.Reason}{(regression ? " (regression)" : "")}");
}

int Count(Outcome outcome) => results.Count(r => r.Verdict.Outcome == outcome);
if (arguments is { Bless: true, Expected: { } path })
{
    expectations!.Rewrite(path, results);
}

// Against a file of known results, a failure is what is worse than known; what is known to be wrong counts as skipped and is named.
var failed = expectations is null ? Count(Outcome.Fail) : regressions;
var skipped = cases.Count - Count(Outcome.Pass) - failed;
if (expectations is not null)
{
    Console.WriteLine($"{Count(Outcome.Fail)} wrong ({regressions} new or lost), {Count(Outcome.Unsupported)} unsupported");
}

Console.WriteLine($"{Count(Outcome.Pass)} passed, {failed} failed, {skipped} skipped");
return failed == 0 ? 0 : 1;

static IEngine Engine(string name) => name switch
{
    _ when name.StartsWith("dynamic-", StringComparison.Ordinal) => new DynamicEngine(Engine(name["dynamic-".Length..])),
    "reference" => new ReferenceEngine(ReferenceStage.Reference),
    "passes" => new ReferenceEngine(ReferenceStage.Passes),
    "kernels" => new ReferenceEngine(ReferenceStage.Kernels),
    "ptx" => new DlcEngine(target: "cuda:sm_90", device: new Dlc.Tests.Gpu.PtxDevice()),
    "faulty" => new FaultyEngine(),
    _ => Engines.Create(name),
};
