using Dlc.Compiler;
using Dlc.Compiler.Cli;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Runtime;
using Dlc.Runtime.Device;
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

    /// <summary>The state is new when the run finds out that the rest of it does not fit as it was planned: there is no way back.</summary>
    [Fact]
    public void AStateThatWasUpdatedBeforeIsRightInTheEnd()
    {
        using var model = DlcCompiler.Compile(Model(3, hasState: true), new CompileOptions { Threads = 1 });
        var plain = model.MemoryFor([[Rows, Width], [], [Rows, Width]], new MemoryQuery { Threads = 1 });
        var outside = plain.TotalBytes - plain.PeakBytes;
        using var free = model.CreateSession(new SessionOptions { Threads = 1 });
        var (planned, refused) = (0L, 0);
        foreach (var count in (long[])[40, 200])
        {
            var expected = Train(free, count, 3);
            for (var twentieth = 8; twentieth <= 24; twentieth++)
            {
                using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = outside + (plain.PeakBytes * twentieth / 20) });
                try
                {
                    var actual = Train(session, count, 3);
                    Assert.Equal(expected.State, actual.State);
                    Assert.Equal(expected.Output, actual.Output);
                }
                catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
                {
                    refused++;
                }

                planned += session.PlansMadeInRuns;
                Assert.True(session.MostCounted + outside <= session.Options.MemoryLimit);
            }
        }

        Assert.True(planned >= 5 && refused >= 2, $"{planned} plans in runs, {refused} refused");
    }

    [Fact]
    public void TheNextRunHasRoomFromItsStartAndAllocatesNothing()
    {
        using var model = DlcCompiler.Compile(Model(3), new CompileOptions { Threads = 1 });
        using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = LeastFor(model, 200) + 8192 });
        using var binding = session.CreateBinding();
        binding.BindInput("x", Input, [Rows, Width]);
        binding.BindInput("count", new long[] { 200 }, []);
        session.Run(binding);
        Assert.True(session.PlansMadeInRuns > 0);
        Assert.True(session.BytesMovedInRuns > 0);
        session.Run(binding);
        var planned = session.PlansMadeInRuns;
        binding.BindInput("count", new long[] { 7 }, []);
        session.Run(binding);
        binding.BindInput("count", new long[] { 200 }, []);
        session.Run(binding);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 5; i++)
        {
            session.Run(binding);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(planned, session.PlansMadeInRuns);
    }

    [Fact]
    public void TheLimitThatIsNamedIsWhatTheLargestStepTouches()
    {
        using var model = DlcCompiler.Compile(Model(5), new CompileOptions { Threads = 1 });
        using var free = model.CreateSession(new SessionOptions { Threads = 1 });
        var plain = model.MemoryFor([[Rows, Width], []], new MemoryQuery { Threads = 1 });
        foreach (var count in (long[])[0, 40, 200, 400, 1000])
        {
            // A product reads and writes rows of the late size; the step with three values of the input's size is the other that counts.
            var least = LeastFor(model, count);
            Assert.Equal(Math.Max(3L * Rows, 2 * count) * Width * sizeof(float), least - plain.TotalBytes + plain.PeakBytes);
            using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = least });
            Assert.Equal(Run(free, count), Run(session, count));
            using var less = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = least - 1 });
            Assert.Equal(RuntimeErrors.MemoryLimit, Assert.Throws<DlcRuntimeException>(() => Run(less, count)).Code);
        }
    }

    [Fact]
    public void TheCommandSaysHowOftenARunWasPlannedAnew()
    {
        var path = Path.GetTempFileName();
        try
        {
            var compiled = DlcCompiler.Build(Model(3), new CompileOptions { Threads = 1 });
            compiled.Save(path);
            using var model = CompiledModel.Load(path);
            var (output, errors) = (new StringWriter(), new StringWriter());
            string[] arguments = ["run", path, "--dims", $"rows={Rows}", "--fill", "count=range(200,201)", "--threads", "1", "--memory-limit"];
            Assert.True(CommandLine.Run([.. arguments, $"{LeastFor(model, 200) + 64}"], output, errors) == 0, errors.ToString());
            Assert.Matches(@"planned anew in the middle of a run \(1 in all\), [0-9.]+ (bytes|KiB) moved", output.ToString());
            output.GetStringBuilder().Clear();
            Assert.Equal(0, CommandLine.Run([.. arguments, "64MiB"], output, errors));
            Assert.DoesNotContain("anew", output.ToString());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public unsafe void AnArenaOfTheHostIsLeftWhereItIsTooSmall()
    {
        using var model = DlcCompiler.Compile(Model(3), new CompileOptions { Threads = 1 });
        using var free = model.CreateSession(new SessionOptions { Threads = 1 });
        var expected = Run(free, 200);
        var least = LeastFor(model, 200);
        var (done, refused) = (0, 0);
        for (var limit = least; limit < 3 * least; limit += least / 8)
        {
            using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit });
            using var binding = session.CreateBinding();
            binding.BindInput("x", Input, [Rows, Width]);
            binding.BindInput("count", new long[] { 200 }, []);
            var bytes = session.ArenaBytesFor(binding);
            var arena = new byte[bytes + 64];
            binding.BindArena(arena);
            try
            {
                session.Run(binding);
                Assert.Equal(expected, binding.Output<float>(0).ToArray());
                binding.UnbindArena();
                session.Run(binding);
                Assert.Equal(expected, binding.Output<float>(0).ToArray());
                done += session.PlansMadeInRuns > 0 ? 1 : 0;
            }
            catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
            {
                refused++;
            }
        }

        Assert.True(done > 0 && refused > 0, $"{done} done, {refused} refused");
    }

    /// <summary>The least limit that does, found by asking for less.</summary>
    internal static long LeastFor(CompiledModel model, long count, IDevice? device = null)
    {
        for (long limit = 1; ; )
        {
            using var session = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = limit, Device = device });
            try
            {
                Run(session, count);
                return limit;
            }
            catch (DlcRuntimeException e) when (e.Code == RuntimeErrors.MemoryLimit)
            {
                var least = long.Parse(e.Message.Split("at least ")[1].Split(' ')[0]);
                Assert.True(least > limit, e.Message);
                limit = least;
            }
        }
    }

    private static (float[] State, float[] Output) Train(Session session, long count, int steps)
    {
        var state = new float[Rows * Width];
        using var binding = session.CreateBinding();
        binding.BindInput("x", Input, [Rows, Width]);
        binding.BindInput("count", new[] { count }, []);
        binding.BindInput("state", state, [Rows, Width]);
        binding.BindOutput("state.next", state);
        for (var i = 0; i < steps; i++)
        {
            session.Run(binding);
        }

        return (state, binding.Output<float>("y").ToArray());
    }

    internal static float[] Run(Session session, long count) =>
        session.Run(("x", InputTensor.From(Input, Rows, Width)), ("count", InputTensor.From([count])))[0].ToArray<float>();

    /// <summary>Products forth, then back; after some steps back count rows more, worked on while the products that are left wait.</summary>
    internal static Module Model(int stepsBack, bool hasState = false)
    {
        var module = new Module("late");
        var graph = new GraphBuilder(module);
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([module.Facts.NewDim("rows"), module.Dims.Const(Width)])), "x");
        var count = graph.Input(new TensorType(ElementType.Int64, []), "count");
        var state = hasState ? graph.Input(y.Type, "state") : null;
        var next = y;
        if (state is not null)
        {
            next = graph.Add(new Add(), [graph.Add(new Sin(), [state]), y]);
            y = graph.Add(new Tanh(), [next]);
        }

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

        module.Main = hasState ? graph.Build([y, next]).WithUpdates([new StateUpdate(1, 2)]) : graph.Build([y]);
        module.OutputNames = hasState ? ["y", "state.next"] : ["y"];
        return module;
    }
}
