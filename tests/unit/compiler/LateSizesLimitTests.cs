using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Unit.Compilation;

/// <summary>Models with sizes that only the run knows, under a limit.</summary>
public sealed class LateSizesLimitTests
{
    private const int Width = 32;
    private const int Rows = 64;
    private static readonly float[] Input = [.. Enumerable.Range(0, Rows * Width).Select(i => MathF.Sin(i))];

    [Fact]
    public void WhatDataDecidesIsWithinTheLimitToo()
    {
        using var model = DlcCompiler.Compile(Model(), new CompileOptions { Threads = 1 });
        using var free = model.CreateSession(new SessionOptions { Threads = 1 });
        var plain = model.MemoryFor([[Rows, Width], []], new MemoryQuery { Threads = 1 });
        var outside = plain.TotalBytes - plain.PeakBytes;
        Assert.NotEmpty(plain.Unknown);
        var (evicted, refused) = (0, 0);
        foreach (var count in (long[])[0, 3, 40, 200, 7, 400])
        {
            var expected = Run(free, count);
            var late = count * Width * sizeof(float);
            for (var tenth = 4; tenth <= 14; tenth++)
            {
                var limit = outside + (plain.PeakBytes * tenth / 10);
                using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit });
                foreach (var again in (long[])[count, 1, count])
                {
                    try
                    {
                        Assert.Equal(again == count ? expected : Run(free, again), Run(session, again));
                        evicted += session.HighWaterBytes < plain.PeakBytes ? 1 : 0;
                    }
                    catch (DlcRuntimeException e)
                    {
                        // Twice the late values at least are alive at one time, beside some of the others.
                        Assert.Equal(RuntimeErrors.MemoryLimit, e.Code);
                        Assert.True((2 * late) + (plain.PeakBytes / 4) > limit - outside || tenth <= 5, $"{again} rows at {tenth} tenths: {e.Message}");
                        refused++;
                    }

                    Assert.True(session.AllocatedBytes + outside <= limit, $"{session.AllocatedBytes + outside} of {limit}");
                }

                Assert.True(session.HighWaterBytes + outside <= limit, $"{session.HighWaterBytes + outside} of {limit}");
            }
        }

        Assert.True(evicted > 20 && refused > 5, $"{evicted} runs with less than all, {refused} refused");
    }

    private static float[] Run(Session session, long count) =>
        session.Run(("x", InputTensor.From(Input, Rows, Width)), ("count", InputTensor.From([count])))[0].ToArray<float>();

    /// <summary>Products forth; then count rows more, worked on while all products wait; then back.</summary>
    private static Module Model()
    {
        var module = new Module("late");
        var graph = new GraphBuilder(module);
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([module.Facts.NewDim("rows"), module.Dims.Const(Width)])), "x");
        var count = graph.Input(new TensorType(ElementType.Int64, []), "count");
        var weight = graph.Add(new Constant(Tensor.FromSpan<float>(
            ElementType.Float32, [.. Enumerable.Range(0, Width * Width).Select(i => MathF.Sin(i) / 6)], [Width, Width])), []);
        Value Product(Value of) => graph.Add(new MatMul(ElementType.Float32), [of, weight]);
        var stages = new List<Value>();
        for (var i = 0; i < 8; i++)
        {
            stages.Add(y = graph.Add(new Tanh(), [Product(y)]));
        }

        var k = module.Facts.NewDim("K");
        graph.AddNode(new BindDim(k), [count]);
        var late = graph.Add(new Iota(ElementType.Float32, new Shape([k, module.Dims.Const(Width)]), 0), []);
        late = Product(graph.Add(new Sin(), [Product(graph.Add(new Sin(), [late]))]));
        var sum = graph.Add(new Reduce(ReduceKind.Sum, [0]), [late]);
        y = graph.Add(new Mul(), [y, graph.Add(new Broadcast(y.Type.Shape), [sum])]);
        foreach (var stage in Enumerable.Reverse(stages))
        {
            y = Product(graph.Add(new Mul(), [y, stage]));
        }

        module.Main = graph.Build([y]);
        module.OutputNames = ["y"];
        return module;
    }
}
