using System.Text.Json;
using Dlc.Compiler;
using Dlc.Compiler.Cli;
using Dlc.Compiler.Memory;
using Dlc.Peers.Suite;
using Dlc.Runtime;
using Dlc.Tests.Unit.Memory;
using Xunit;

namespace Dlc.Tests.Models;

/// <summary>Plans of the suite's models at the suite's and at mixed dims: checked from their JSON, and against the formula.</summary>
public sealed class MemoryPlanTests
{
    [ModelFact("bert-tiny")]
    public void Built_models()
    {
        foreach (var model in ModelSuite.Tiny)
        {
            Check(model.Name);
        }
    }

    [ModelFact("ppocr-det")]
    public void Ppocr_det() => Check("ppocr-det");

    [ModelFact("ppocr-rec")]
    public void Ppocr_rec() => Check("ppocr-rec");

    [ModelFact("ppocr-cls")]
    public void Ppocr_cls() => Check("ppocr-cls");

    [ModelFact("silero-v5-16k")]
    public void Silero_v5() => Check("silero-v5-16k");

    [ModelFact("silero-legacy-16k")]
    public void Silero_legacy() => Check("silero-legacy-16k");

    private static void Check(string name)
    {
        var suite = ModelSuite.ByName(name);
        using var model = DlcCompiler.Compile(suite.Path);
        var formula = MemoryFormula.Of(model);
        var random = new Random(5);
        var sizes = suite.Cases.Select(c => c.Sizes).ToList();
        for (var i = 0; i < 12; i++)
        {
            // Each dim as in some case, so that the guards hold.
            sizes.Add(sizes[0].ToDictionary(s => s.Key, s => suite.Cases[random.Next(suite.Cases.Count)].Sizes[s.Key]));
        }

        var planned = 0;
        foreach (var dims in sizes)
        {
            foreach (var threads in (int[])[1, 3])
            {
                MemoryReport report;
                try
                {
                    report = model.MemoryFor(dims, new MemoryQuery { Threads = threads });
                }
                catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.BrokenGuard || e.Code == RuntimeErrors.WrongDim)
                {
                    continue;
                }

                planned++;
                var bytes = formula.Evaluate(report.Order, report.Dims, threads);
                var label = $"{name} at {string.Join(",", dims.Select(d => $"{d.Key}={d.Value}"))} with {threads} threads";
                Assert.True(threads == 1 && !dims.Values.Contains(0) ? bytes == report.LowerBoundBytes : bytes >= report.LowerBoundBytes,
                    $"{label}: {bytes} bytes by the formula, {report.LowerBoundBytes} by the plan");
                using var json = JsonDocument.Parse(MemoryJson.Write([report]));
                var problem = PlanChecker.Problem(json.RootElement);
                Assert.True(problem is null, $"{label}: {problem}");
            }
        }

        Assert.True(planned >= 2 * suite.Cases.Count, $"{name}: only {planned} plans");
    }
}
