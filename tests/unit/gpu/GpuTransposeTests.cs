using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Tests.Unit.Lowering;
using Xunit;

namespace Dlc.Tests.Gpu;

/// <summary>Transposes that move the last axis, by squares in shared memory.</summary>
public sealed class GpuTransposeTests
{
    [Theory]
    [InlineData(0, 3, 5)]
    [InlineData(1, 1, 1)]
    [InlineData(2, 33, 70)]
    [InlineData(3, 31, 9)]
    public void Matrices_of_any_size_are_transposed_with_work_on_either_side(long a, long b, long c)
    {
        foreach (var wide in new[] { false, true })
        {
            var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, WideIndices = wide };
            var (x, y) = (m.Input(m.Dim("a"), m.Dim("b"), m.Dim("c")), m.Input(m.Dims.Symbol("c"), m.Dims.Symbol("b")));
            var turned = m.Builder.Add(new Transpose([0, 2, 1]), [m.Builder.Add(new Exp(), [x])]);
            m.Check([m.Builder.Add(new Mul(), [m.Builder.Add(new Add(), [turned, y]), turned])], 1, [a, b, c], [c, b]);
        }
    }

    [Theory]
    [InlineData(2, 5, 6, 7)]
    [InlineData(1, 40, 2, 33)]
    public void Channels_move_to_the_end_and_back(long n, long c, long h, long w)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm90 };
        var x = m.Input(ElementType.Float16, -1, 1, m.Dim("n"), m.Dim("c"), m.Dim("h"), m.Dim("w"));
        m.Check([m.Builder.Add(new Transpose([0, 2, 3, 1]), [x]), m.Builder.Add(new Transpose([3, 2, 1, 0]), [x]), m.Builder.Add(new Transpose([0, 3, 1, 2]), [x])],
            null, [n, c, h, w]);
    }

    [Fact]
    public void A_small_square_matrix_and_its_transpose_add_up()
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(m.Dims.Const(20), m.Dims.Const(20));
        m.Check([m.Builder.Add(new Add(), [m.Builder.Add(new Transpose([1, 0]), [x]), x])], 1, [20, 20]);
    }

    [Fact]
    public void Both_sides_are_read_and_written_along_lines()
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, GpuLaunches = 1 };
        var x = m.Input(m.Dim("a"), m.Dim("b"));
        m.Check([m.Builder.Add(new Transpose([1, 0]), [x])], 1, [64, 96]);
        var counts = Assert.Single(m.Statistics);
        Assert.Equal(counts.LeastGlobalSectors, counts.GlobalSectors);
        Assert.Equal(0, counts.BankConflicts);
    }
}
