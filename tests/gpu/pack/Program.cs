using System.IO.Compression;
using Dlc.Compiler.Onnx.Proto;
using Dlc.Conformance;
using Dlc.Gpu;
using Dlc.Gpu.Pack;
using Dlc.Peers;
using Dlc.Peers.Suite;

if (args.Length < 2)
{
    Console.WriteLine("""
        Dlc.GpuPack OUT.zip TARGET [CASES [EVERY]]: compiles for TARGET (cuda:sm_80) what a machine with a GPU checks and times.
          CASES   a folder of cases in ONNX's test-data layout
          EVERY   take only each so-many-th of them (default 3)
        """);
    return 2;
}

File.Delete(args[0]);
using var zip = ZipFile.Open(args[0], ZipArchiveMode.Create);
var bundle = new Bundle(zip, args[1]);
if (args.Length > 2 && Directory.Exists(args[2]))
{
    int every = args.Length > 3 ? int.Parse(args[3]) : 3;
    var cases = Case.Find([args[2]]).Where((_, i) => i % every == 0).ToList();
    Parallel.ForEach(cases, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, item =>
    {
        string model = Path.Combine(item.Folder, "model.onnx");
        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(model)).Graph;
        bundle.AddCase($"onnx/{Path.GetFileName(item.Folder)}", model, Tolerance.Operator,
            () => [.. Directory.GetDirectories(item.Folder, "test_data_set_*").Order(StringComparer.Ordinal).Take(1).Select(set => TestData.Inputs(graph, set))]);
    });
}

foreach (var model in ModelSuite.Tiny)
{
    bundle.AddCase($"models/{model.Name}", model.Path, Tolerance.Model, () => [.. model.Cases.Select(c => model.Inputs(c).ToList())]);
}

Timed.AddTo(bundle);
Console.WriteLine($"{bundle.Cases} cases, {bundle.Timed} timed models, {bundle.Left} left out");
return 0;
