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

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(5)]
    public void WhatDataDecidesIsWithinTheLimitToo(int stepsBack)
    {
        using var model = DlcCompiler.Compile(Model(stepsBack), new CompileOptions { Threads = 1 });
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
                        Assert.True((2 * late) + (plain.PeakBytes * 3 / 8) > limit - outside || tenth <= 5, $"{again} rows at {tenth} tenths: {e.Message}");
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

    /// <summary>Products forth, then back; after some steps back count rows more, worked on while the products that are left wait.</summary>
    private static Module Model(int stepsBack)
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

        for (var i = stages.Count; i > 0; i--)
        {
            if (i == stages.Count - stepsBack)
            {
                var k = module.Facts.NewDim("K");
                graph.AddNode(new BindDim(k), [count]);
                var shape = new Shape([k, module.Dims.Const(Width)]);
                var row = graph.Add(new Broadcast(shape), [graph.Add(new Reduce(ReduceKind.Sum, [0]), [y])]);
                var late = graph.Add(new Add(), [graph.Add(new Iota(ElementType.Float32, shape, 0), []), row]);
                late = Product(graph.Add(new Sin(), [Product(graph.Add(new Sin(), [late]))]));
                y = graph.Add(new Mul(), [y, graph.Add(new Broadcast(y.Type.Shape), [graph.Add(new Reduce(ReduceKind.Sum, [0]), [late])])]);
            }

            y = Product(graph.Add(new Mul(), [y, stages[i - 1]]));
        }

        module.Main = graph.Build([y]);
        module.OutputNames = ["y"];
        return module;
    }
}
