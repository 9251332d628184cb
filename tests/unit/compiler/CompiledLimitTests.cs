using Dlc.Compiler;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Runtime;
using Xunit;

namespace Dlc.Tests.Unit.Compilation;

/// <summary>A limit that a model is compiled with.</summary>
public sealed class CompiledLimitTests
{
    private const int Rows = 64;

    [Fact]
    public void TheLimitOfTheCompilationHoldsInSessionsThatSetNone()
    {
        var plain = DlcCompiler.Build(Model());
        using var free = plain.Load();
        var need = free.MemoryFor([[Rows, 256]], new MemoryQuery { Threads = 1 });
        var limit = need.WeightBytes + need.InputBytes + need.OutputBytes + (need.PeakBytes * 7 / 10);
        var limited = DlcCompiler.Build(Model(), new CompileOptions { MemoryLimit = limit });

        // The choice is made at run time: the code is the same.
        Assert.True(plain.Executable.Code.Span.SequenceEqual(limited.Executable.Code.Span));
        Assert.Equal(plain.Executable.Programs[0].Steps.Length, limited.Executable.Programs[0].Steps.Length);
        Assert.Equal(plain.Executable.Programs[0].Orders.Length, limited.Executable.Programs[0].Orders.Length);
        Assert.Empty(plain.Executable.Programs[0].Evictable);
        Assert.NotEmpty(limited.Executable.Programs[0].Evictable);

        using var model = limited.Load();
        Assert.Equal(limit, model.MemoryLimit);
        Assert.Equal(long.MaxValue, free.MemoryLimit);
        Assert.True(model.MemoryFor([[Rows, 256]], new MemoryQuery { Threads = 1 }).PeakBytes <= need.PeakBytes * 7 / 10);
        Assert.Equal(need.PeakBytes, model.MemoryFor([[Rows, 256]], new MemoryQuery { Threads = 1, MemoryLimit = long.MaxValue }).PeakBytes);

        using var own = model.CreateSession(new SessionOptions { Threads = 1 });
        using var lifted = model.CreateSession(new SessionOptions { Threads = 1, MemoryLimit = long.MaxValue });
        Assert.Equal(Run(lifted), Run(own));
        Assert.True(own.HighWaterBytes <= need.PeakBytes * 7 / 10);
        Assert.Equal(need.PeakBytes, lifted.HighWaterBytes);
    }

    private static float[] Run(Session session)
    {
        using var binding = session.CreateBinding();
        binding.BindInput("x", [.. Enumerable.Range(0, Rows * 256).Select(i => MathF.Sin(i))], [Rows, 256]);
        session.Run(binding);
        return binding.Output<float>("y").ToArray();
    }

    /// <summary>Products whose operands are needed again later, the last one first.</summary>
    private static Module Model()
    {
        var module = new Module("limited");
        var graph = new GraphBuilder(module);
        var columns = module.Dims.Const(256);
        var y = graph.Input(new TensorType(ElementType.Float32, new Shape([module.Facts.NewDim("rows"), columns])), "x");
        var weight = graph.Add(new Constant(Tensor.FromSpan<float>(
            ElementType.Float32, [.. Enumerable.Range(0, 256 * 256).Select(i => MathF.Sin(i) / 16)], [256, 256])), []);
        var stages = new List<Value>();
        for (var i = 0; i < 6; i++)
        {
            stages.Add(y = graph.Add(new Tanh(), [graph.Add(new MatMul(ElementType.Float32), [y, weight])]));
        }

        for (var i = stages.Count - 1; i >= 0; i--)
        {
            y = graph.Add(new MatMul(ElementType.Float32), [graph.Add(new Mul(), [y, stages[i]]), weight]);
        }

        module.Main = graph.Build([y]);
        module.OutputNames = ["y"];
        return module;
    }
}
