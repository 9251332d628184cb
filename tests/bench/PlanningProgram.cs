using System.Globalization;
using System.Text;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Scheduling;
using Dlc.Peers.Suite;

namespace Dlc.Bench;

/// <summary>Times facts and orders as they grow: <c>tests/bench/planning</c>.</summary>
internal static class PlanningProgram
{
    private const string Help = """
        tests/bench/planning [options]
          --pages FOLDER    write the tables between the markers of FOLDER/symbolic-shapes.md and FOLDER/scheduling.md; default: print only
        """;

    /// <summary>Runs it.</summary>
    public static int Run(string[] args)
    {
        if (args is not ([] or ["--pages", _]))
        {
            Console.Error.WriteLine(Help);
            return 2;
        }

        var (facts, orders) = (FactTable(), OrderTable());
        Console.WriteLine(facts);
        Console.WriteLine(orders);
        if (args is [_, var folder])
        {
            PageSection.Replace(Path.Combine(folder, "symbolic-shapes.md"), "facts", facts);
            PageSection.Replace(Path.Combine(folder, "scheduling.md"), "orders", orders);
        }

        return 0;
    }

    private static string FactTable()
    {
        FactsWorkload.Run(200);
        var text = new StringBuilder("| symbols | facts | queries | building, s | answering, s | decided |\n|---:|---:|---:|---:|---:|---:|\n");
        foreach (var symbols in (int[])[200, 2_000, 20_000])
        {
            var workload = new FactsWorkload(symbols);
            var build = Seconds(workload.Build);
            var decided = 0;
            var ask = Seconds(() => decided = workload.Ask());
            Row(text, $"{symbols} | {workload.FactCount} | {workload.QueryCount} | {build:F2} | {ask:F2} | {decided}");
        }

        return text.ToString();
    }

    private static string OrderTable()
    {
        Chain(1000);
        var text = new StringBuilder("| graph | steps | s |\n|---|---:|---:|\n");
        foreach (var steps in (int[])[1_000, 10_000, 100_000])
        {
            Row(text, $"chain | {steps} | {Chain(steps):F2}");
        }

        foreach (var steps in (int[])[1_000, 10_000, 100_000])
        {
            Row(text, $"training step, weight gradients listed last | {steps} | {Order(s => s.Training(steps / 7)):F2}");
        }

        foreach (var steps in (int[])[1_000, 10_000, 100_000])
        {
            Row(text, $"each step reads up to three of the last 40 results | {steps} | {Order(s => s.Tangle(steps, 3)):F2}");
        }

        foreach (var model in (SuiteModel[])[ModelSuite.ByName("bert-base"), ModelSuite.Deep])
        {
            var report = DlcCompiler.CompileToFile(model.Path, Path.Combine(Path.GetTempPath(), $"dlc-planning-{Environment.ProcessId}.dlcx"));
            File.Delete(Path.Combine(Path.GetTempPath(), $"dlc-planning-{Environment.ProcessId}.dlcx"));
            Row(text, $"{model.Name} | {report.Launches} | {report.Passes.Single(p => p.Pass == "schedule-nodes").Elapsed.TotalSeconds:F2}");
        }

        return text.ToString();
    }

    /// <summary>Time of the whole pass on a graph of products, each of the one before.</summary>
    private static double Chain(int steps)
    {
        var module = new Module("chain");
        var rows = module.Facts.NewDim("rows", 1);
        var g = new GraphBuilder(module);
        Value Input(Dim height, long width) => g.Input(new TensorType(ElementType.Float32, [height, module.Dims.Const(width)]));
        var (value, wide, narrow) = (Input(rows, 64), Input(module.Dims.Const(64), 256), Input(module.Dims.Const(256), 64));
        for (var i = 0; i < steps; i++)
        {
            value = g.Add(new MatMul(ElementType.Float32), [value, i % 2 == 0 ? wide : narrow]);
        }

        module.Main = g.Build([value]);
        var machine = new MachineModel
        {
            Name = "x86-64-v3", VectorBytes = 32, VectorRegisters = 16, TileRows = 6, TileColumns = 16, RowTileColumns = 16, L1Bytes = 1 << 15, L2Bytes = 1 << 20,
        };
        return Seconds(() => new ScheduleNodes().Run(module.Main, new PassContext(machine)));
    }

    private static double Order(Func<ProblemShapes, SchedulingProblem> make)
    {
        var shapes = new ProblemShapes();
        var problem = make(shapes);
        return Seconds(() => Scheduler.Run(problem, shapes.Facts));
    }

    /// <summary>Time of the processor, collections included: what else the machine does is not in it.</summary>
    private static double Seconds(Action work)
    {
        var start = Environment.CpuUsage.TotalTime;
        work();
        return (Environment.CpuUsage.TotalTime - start).TotalSeconds;
    }

    private static void Row(StringBuilder text, FormattableString cells) => text.Append(CultureInfo.InvariantCulture, $"| {cells.ToString(CultureInfo.InvariantCulture)} |\n");
}
