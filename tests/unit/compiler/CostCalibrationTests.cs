using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Unit.Compilation;

public sealed class CostCalibrationTests
{
    private const int Rows = 96;
    private const int Width = 32;

    [Fact]
    public void PlansGoByMeasuredCostsAndBitsStay()
    {
        using var model = DlcCompiler.Compile(Model());
        var free = model.MemoryFor([[Rows, Width]], new MemoryQuery { Threads = 1 });
        var limit = free.TotalBytes - (free.PeakBytes * 4 / 10);
        using var unlimited = model.CreateSession(new SessionOptions { Threads = 1 });
        var expected = Run(unlimited);
        var calibration = new CostCalibration(model);
        using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit, Calibration = calibration });
        for (var i = 0; i < CostCalibration.MeasuredRuns; i++)
        {
            Assert.False(calibration.IsComplete);
            Assert.Equal(expected, Run(session));
        }

        Assert.True(calibration.IsComplete);
        Assert.Equal(1, session.PlansMade);
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(expected, Run(session));
            Assert.True(session.HighWaterBytes <= limit - (free.TotalBytes - free.PeakBytes));
        }

        // A query by the same measurements gives the plan that runs, with their seconds.
        var measured = model.MemoryFor([[Rows, Width]], new MemoryQuery { Threads = 1, MemoryLimit = limit, Calibration = calibration });
        var estimated = model.MemoryFor([[Rows, Width]], new MemoryQuery { Threads = 1, MemoryLimit = limit });
        Assert.NotEqual(estimated.Steps.Sum(s => s.Seconds), measured.Steps.Sum(s => s.Seconds));
        Assert.Equal(measured.ExtraSeconds, measured.Steps.Where(s => s.Kind is "recompute" or "offload" or "reload").Sum(s => s.Seconds), measured.ExtraSeconds / 1e6);
        using var other = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit, Calibration = calibration });
        Assert.Equal(expected, Run(other));
        Assert.Equal(measured.PeakBytes, other.HighWaterBytes);
    }

    [Fact]
    public void ACalibrationOfAnotherModelIsRefused()
    {
        using var one = DlcCompiler.Compile(Model());
        using var two = DlcCompiler.Compile(Model());
        Assert.Throws<ArgumentException>(() => one.CreateSession(new SessionOptions { Calibration = new CostCalibration(two) }));
        Assert.Throws<ArgumentException>(() => one.MemoryFor([[1, Width]], new MemoryQuery { Calibration = new CostCalibration(two) }));
    }

    private static float[] Run(Session session) =>
        session.Run(("x", InputTensor.From([.. Enumerable.Range(0, Rows * Width).Select(i => MathF.Sin(i))], Rows, Width)))[0].ToArray<float>();

    private static Module Model()
    {
        var module = new Module("calibrated");
        var graph = new GraphBuilder(module);
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([module.Facts.NewDim("rows"), module.Dims.Const(Width)])), "x");
        var weight = graph.Add(new Constant(Tensor.FromSpan<float>(
            ElementType.Float32, [.. Enumerable.Range(0, Width * Width).Select(i => MathF.Sin(i) / 6)], [Width, Width])), []);
        var stages = new List<Value>();
        for (var i = 0; i < 8; i++)
        {
            stages.Add(y = graph.Add(new Tanh(), [graph.Add(new MatMul(ElementType.Float32), [y, weight])]));
        }

        foreach (var stage in Enumerable.Reverse(stages))
        {
            y = graph.Add(new MatMul(ElementType.Float32), [graph.Add(new Mul(), [y, stage]), weight]);
        }

        module.Main = graph.Build([y]);
        module.OutputNames = ["y"];
        return module;
    }
}
