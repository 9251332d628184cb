using System.Globalization;
using System.Text;
using Dlc.Bench.Llama;
using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes;
using Dlc.Passes.Scheduling;
using Dlc.Peers.Suite;
using Dlc.Runtime;
using LlamaConfig = ModelBuilder.LlamaConfig;

namespace Dlc.Bench;

/// <summary>Times facts and orders as they grow: <c>tests/bench/planning</c>.</summary>
internal static class PlanningProgram
{
    private const string Help = """
        tests/bench/planning [options]
          --pages FOLDER    write the tables between the markers of FOLDER/symbolic-shapes.md, FOLDER/scheduling.md and FOLDER/memory.md; default: print only
        """;

    /// <summary>Runs it.</summary>
    public static int Run(string[] args)
    {
        if (args is not ([] or ["--pages", _]))
        {
            Console.Error.WriteLine(Help);
            return 2;
        }

        var (plans, facts, orders) = (PlanTable(), FactTable(), OrderTable());
        Console.WriteLine(plans);
        Console.WriteLine(facts);
        Console.WriteLine(orders);
        if (args is [_, var folder])
        {
            PageSection.Replace(Path.Combine(folder, "symbolic-shapes.md"), "facts", facts);
            PageSection.Replace(Path.Combine(folder, "scheduling.md"), "orders", orders);
            PageSection.Replace(Path.Combine(folder, "memory.md"), "plans", plans);
        }

        return 0;
    }

    /// <summary>What a session does that meets dims for the first time under a limit, for training steps of models of one width.</summary>
    private static string PlanTable()
    {
        const int Warm = 150, Times = 60;
        var text = new StringBuilder("| layers | steps | without a limit, ms | at 60% of the arena, ms |\n|---:|---:|---:|---:|\n");
        var folder = Directory.CreateTempSubdirectory("dlc-planning").FullName;
        try
        {
            foreach (var layers in (int[])[4, 12, 24])
            {
                var path = LlamaStep.Write(
                    LlamaConfig.Trained with { Layers = layers, IsDeclaredOnly = true }, Directory.CreateDirectory(Path.Combine(folder, $"{layers}")).FullName);
                using var model = LlamaStep.Compile(path, keepsOrder: false);
                var step = new StepPlanner(model, 4, 160, CostRates.Default);
                double Measure(long limit)
                {
                    void Repeat(int times)
                    {
                        for (var i = 0; i < times; i++)
                        {
                            StepPlanner.Measure(model, 4, 160, CostRates.Default, limit);
                        }
                    }

                    Repeat(Warm);
                    return Seconds(() => Repeat(Times)) * 1000 / Times;
                }

                var (plain, limited) = (Measure(long.MaxValue), Measure(step.OutsideBytes + (long)(0.6 * step.ArenaBytes)));
                Row(text, $"{layers} | {step.Topology.Steps} | {plain:F1} | {limited:F1}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return text.ToString();
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
