using System.Text.Json;
using Dlc.Compiler;
using Dlc.Compiler.Cli;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Dlc.Runtime.Execution;
using Dlc.Tests.Unit.Memory;
using Xunit;

namespace Dlc.Tests.Unit.Compilation;

/// <summary>Compiled steps under a limit: the same bits, never a byte more, and never slower with more memory.</summary>
public sealed class MemoryLimitTests
{
    private const int Layers = 10;
    private const int Width = 24;
    private static readonly CompileOptions Options = new() { Threads = 1 };

    [Theory]
    [InlineData(64, false)]
    [InlineData(256, true)]
    public void TheBitsAreTheSameUnderEveryLimit(int rows, bool keepsProducts)
    {
        using var model = DlcCompiler.Compile(ForthAndBack(keepsProducts), Options);
        var x = Enumerable.Range(0, rows * Width).Select(i => MathF.Sin(i)).ToArray();
        float[] Run(Session session) => session.Run(("x", InputTensor.From(x, rows, Width)))[0].ToArray<float>();

        using var free = model.CreateSession(new SessionOptions { Threads = 1 });
        var expected = Run(free);
        var report = model.MemoryFor([[rows, Width]], new MemoryQuery { Threads = 1 });
        var outside = report.WeightBytes + report.InputBytes + report.OutputBytes;

        var error = Assert.Throws<DlcRuntimeException>(() => Run(model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = outside + 64 })));
        Assert.Equal(RuntimeErrors.MemoryLimit, error.Code);
        var least = long.Parse(error.Message.Split("at least ")[1].Split(' ')[0]);
        Assert.True(least < outside + (report.PeakBytes * 2 / 3), $"{least - outside} of {report.PeakBytes}");
        Assert.Throws<DlcRuntimeException>(() => Run(model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = least - 1 })));

        var slowest = double.PositiveInfinity;
        for (var i = 0; i <= 50; i++)
        {
            var limit = least + ((outside + report.PeakBytes - least) * i / 50);
            using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit });
            Assert.Equal(expected, Run(session));
            Assert.Equal(expected, Run(session));
            var plan = Dlc.Runtime.Memory.SignaturePlanner.Make(model.Executable.Prepared, [rows, Width], new Dlc.Runtime.Memory.PlanOptions(1, true) { MemoryLimit = limit });
            Assert.True(plan.ArenaBytes + outside <= limit);
            var told = model.MemoryFor([[rows, Width]], new MemoryQuery { Threads = 1, MemoryLimit = limit });
            Assert.Equal(plan.ArenaBytes, told.PeakBytes);
            using var json = JsonDocument.Parse(MemoryJson.Write([told]));
            Assert.Null(PlanChecker.Problem(json.RootElement));
            var seconds = plan.Limited?.Plan.ExtraSeconds ?? 0;
            Assert.True(seconds <= slowest, $"{limit} bytes take {seconds} s more, fewer took {slowest}");
            slowest = seconds;
        }

        Assert.Equal(0, slowest);
    }

    [Fact]
    public void RunsUnderALimitAllocateNothing()
    {
        using var model = DlcCompiler.Compile(ForthAndBack(true), Options);
        var report = model.MemoryFor([[64, Width]], new MemoryQuery { Threads = 1 });
        var limit = report.WeightBytes + report.InputBytes + report.OutputBytes + (report.PeakBytes * 8 / 10);
        using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit });
        using var binding = session.CreateBinding();
        binding.BindInput("x", new float[64 * Width], [64, Width]);
        session.Run(binding);
        session.Run(binding);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
        {
            session.Run(binding);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>y = x, then layers tanh(y W), then back through the same layers with all that was computed on the way.</summary>
    /// <summary>Layers whose states are needed again in reverse, as in training.</summary>
    internal static Module ForthAndBack(bool keepsProducts)
    {
        var module = new Module("step");
        var graph = new GraphBuilder(module);
        var rows = module.Facts.NewDim("rows");
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([rows, module.Dims.Const(Width)])), "x");
        var random = new Random(7);
        var weights = Enumerable.Range(0, Layers).Select(_ => graph.Add(new Constant(Tensor.FromSpan<float>(
            ElementType.Float32, [.. Enumerable.Range(0, Width * Width).Select(_ => (random.NextSingle() - 0.5f) / 2)], [Width, Width])), [])).ToArray();
        var products = new List<Value>();
        var states = new List<Value>();
        foreach (var weight in weights)
        {
            products.Add(graph.Add(new MatMul(ElementType.Float32), [y, weight]));
            states.Add(y = graph.Add(new Tanh(), [products[^1]]));
        }

        for (var l = Layers - 1; l >= 0; l--)
        {
            var kept = keepsProducts ? graph.Add(new Sin(), [products[l]]) : states[l];
            y = graph.Add(new MatMul(ElementType.Float32), [graph.Add(new Mul(), [y, kept]), weights[l]]);
        }

        module.Main = graph.Build([y]);
        module.OutputNames = ["y"];
        return module;
    }
}
