using Dlc.Compiler;
using Dlc.Runtime;
using Google.Protobuf;
using ModelBuilder;
using Xunit;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Tests.Unit.Memory;

/// <summary>Where data decides a dim, what follows is planned when it is known.</summary>
public sealed class DataDependentPlanTests
{
    private const int Width = 256;

    [Fact]
    public void Memory_follows_the_count_that_data_decides()
    {
        using var model = Build();
        const int length = 4096;
        var report = model.MemoryFor(new Dictionary<string, long> { ["n"] = length }, new MemoryQuery { Threads = 1 });
        Assert.NotEmpty(report.Unknown);

        var allocated = new List<long>();
        foreach (var stride in (int[])[0, 1024, 64, 1])
        {
            using var session = model.CreateSession(new SessionOptions { Threads = 1 });
            Run(session, length, stride);
            allocated.Add(session.AllocatedBytes - report.PeakBytes);
        }

        // One or two tensors of 256 floats for each element that is not 0, whatever number of them the model makes, and little else.
        for (var i = 1; i < allocated.Count; i++)
        {
            long count = ((int[])[0, 4, 64, 4096])[i];
            Assert.InRange(allocated[i], count * Width * 4, (count * ((2 * Width * 4) + 64)) + 8192);
        }

        Assert.InRange(allocated[0], 0, 8192);
    }

    [Fact]
    public void Runs_with_other_counts_follow_one_another_in_one_session()
    {
        using var model = Build();
        using var session = model.CreateSession(new SessionOptions { Threads = 1, TrimArenaAfterRuns = 3 });
        Run(session, 2000, 1);
        var most = session.AllocatedBytes;
        var random = new Random(4);
        for (var run = 0; run < 30; run++)
        {
            Run(session, random.Next(0, 100), random.Next(0, 5));
        }

        Assert.InRange(session.AllocatedBytes, 0, most / 4);
        Assert.Equal(most, session.HighWaterBytes);
    }

    /// <summary>The positions of what is not 0, as floats, multiplied by a row of weights; cumulated, a softmax of each row, cumulated again; of each row the largest.</summary>
    private static CompiledModel Build()
    {
        var g = new ModelBuilder.GraphBuilder("positions", opset: 17, seed: 3);
        var x = g.Input("x", DataType.Float, "n");
        var positions = g.Cast(g.Transpose(g.Add("NonZero", [x]), 1, 0), DataType.Int64, DataType.Float);
        var weights = g.Weight("w", [1, Width], [.. Enumerable.Range(0, Width).Select(i => -i / 256f)]);
        var wide = g.Add("MatMul", [positions, weights]);
        var sorted = g.Add("CumSum", [g.Add("Softmax", [g.Add("CumSum", [wide, g.Int(1)])], ("axis", 1L)), g.Int(1)]);
        g.Output("y", g.Add("ReduceMax", [sorted], ("axes", new long[] { 1 }), ("keepdims", 0L)), DataType.Float, "k");
        return DlcCompiler.Compile(g.Finish().ToByteArray());
    }

    /// <summary>Runs with one of <paramref name="stride"/> elements other than 0, none if that is 0; the last of cumulated softmaxes is 1.</summary>
    private static void Run(Session session, int length, int stride)
    {
        var x = new float[length];
        for (var i = 0; stride > 0 && i < length; i += stride)
        {
            x[i] = 1;
        }

        using var binding = session.CreateBinding();
        binding.BindInput("x", x, [length]);
        session.Run(binding);
        var y = binding.Output<float>("y").ToArray();
        Assert.Equal(x.Count(v => v != 0), y.Length);
        Assert.All(y, v => Assert.InRange(v, 0.999f, 1.001f));
    }
}
