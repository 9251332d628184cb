using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Tests.Unit.Lowering;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Reductions over axes that are not the last ones, and of few long rows: by blocks, in one launch or two.</summary>
public sealed class GpuReductionTests
{
    [Theory]
    [InlineData(0, 5, 3, 3)]
    [InlineData(1, 1, 1, 3)]
    [InlineData(1, 40, 33, 3)]
    [InlineData(3, 33, 7, 3)]
    [InlineData(2, 700, 9, 4)]
    public void Gradient_of_a_bias_adds_up_rows(long batch, long length, int width, int launches)
    {
        // The last case has enough rows to be split over blocks; all have the product of two elements as its operand.
        foreach (var wide in new[] { false, true })
        {
            var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, WideIndices = wide, GpuLaunches = batch * length > 0 ? launches : null };
            var (b, s, w) = (m.Dim("b"), m.Dim("s"), m.Dims.Const(width));
            var (x, y, bias) = (m.Input(b, s, w), m.Input(b, s, w), m.Input(w));
            var sum = m.Builder.Add(new Reduce(ReduceKind.Sum, [0, 1]), [m.Builder.Add(new Mul(), [x, y])]);
            var step = m.Builder.Add(new Mul(), [m.Builder.Add(new Reshape([w]), [sum]), m.Scalar(0.1f)]);
            m.Check([m.Builder.Add(new Sub(), [bias, step]), m.Builder.Add(new Exp(), [bias])], null, [batch, length, width], [batch, length, width], [width]);
        }
    }

    [Theory]
    [InlineData(2, 3, 5, 4)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(3, 0, 5, 4)]
    [InlineData(3, 9, 20, 30)]
    public void Statistics_of_channels_take_in_images(long images, long channels, long height, long width)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm90 };
        var x = m.Input(m.Dim("n"), m.Dim("c"), m.Dim("h"), m.Dim("w"));
        var sum = m.Builder.Add(new Reduce(ReduceKind.Sum, [0, 2, 3]), [x]);
        var squares = m.Builder.Add(new Reduce(ReduceKind.Sum, [0, 2, 3]), [m.Builder.Add(new Mul(), [x, x])]);
        m.Check([sum, m.Builder.Add(new Sqrt(), [squares])], null, [images, channels, height, width]);
    }

    [Theory]
    [InlineData(ElementType.Float32, ReduceKind.Max, 5000)]
    [InlineData(ElementType.Float16, ReduceKind.Sum, 9000)]
    [InlineData(ElementType.BFloat16, ReduceKind.Min, 70)]
    [InlineData(ElementType.Int64, ReduceKind.Sum, 9000)]
    [InlineData(ElementType.Int32, ReduceKind.Min, 1)]
    [InlineData(ElementType.Float64, ReduceKind.Sum, 0)]
    [InlineData(ElementType.Float64, ReduceKind.Prod, 4500)]
    [InlineData(ElementType.Bool, ReduceKind.And, 600)]
    [InlineData(ElementType.Bool, ReduceKind.Or, 9000)]
    public void All_elements_become_one(ElementType element, ReduceKind kind, long count)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(element, kind == ReduceKind.Prod ? 0.999 : 0, kind == ReduceKind.Prod ? 1.001 : 2, m.Dim("a"), m.Dims.Const(1));
        m.Check([m.Builder.Add(new Reduce(kind, [0, 1]), [x])], null, [count, 1]);
    }

    [Theory]
    [InlineData(5, 40, 6, 70)]
    [InlineData(2, 3, 1, 33)]
    [InlineData(1, 300, 200, 1)]
    public void Middle_axes_are_reduced_between_others(long a, long b, long c, long d)
    {
        foreach (var alternatives in new[] { false, true })
        {
            var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, TakesAlternatives = alternatives };
            var x = m.Input(m.Dim("a"), m.Dim("b"), m.Dim("c"), m.Dim("d"));
            m.Check([m.Builder.Add(new Neg(), [m.Builder.Add(new Reduce(ReduceKind.Max, [1]), [x])]),
                m.Builder.Add(new Reduce(ReduceKind.Sum, [0, 2]), [x])], null, [a, b, c, d]);
        }
    }

    [Fact]
    public void Many_results_of_sizes_known_at_launch_have_a_thread_each()
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, GpuLaunches = 1 };
        var x = m.Input(m.Dim("a"), m.Dim("b"));
        m.Check([m.Builder.Add(new Reduce(ReduceKind.Sum, [0]), [x])], null, [2, 66000]);
    }

    [Fact]
    public void Neighbouring_threads_read_neighbouring_columns()
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(m.Dim("a"), m.Dims.Const(64));
        m.Check([m.Builder.Add(new Reduce(ReduceKind.Sum, [0]), [x])], null, [100, 64]);
        Assert.All(m.Statistics, s => Assert.True(s.GlobalSectors <= s.LeastGlobalSectors * 1.1, $"{s.GlobalSectors} sectors, {s.LeastGlobalSectors} would do"));
    }
}
