using Dlc.IR;
using Dlc.IR.Ops;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Kernels of pooling operators agree with their reference semantics.</summary>
public sealed class PoolTests
{
    [Theory]
    [InlineData(1, 1, 1, 0, false, 5, 7)]
    [InlineData(2, 2, 1, 0, true, 5, 8)]
    [InlineData(3, 2, 1, 1, false, 9, 20)]
    [InlineData(3, 2, 2, 1, true, 9, 11)]
    [InlineData(2, 3, 1, 1, true, 4, 5)]
    [InlineData(2, 2, 1, 0, false, 1, 7)]
    [InlineData(3, 2, 1, 0, false, 5, 2)]
    [InlineData(2, 2, 3, 1, false, 1, 1)]
    public void Pooling(long kernel, long stride, long dilation, long pad, bool isCeiling, long height, long width)
    {
        var x = OpCheck.Random(2, 3, height, width);
        Op[] Ops(OpCheck m)
        {
            ValueList<long> Two(long n) => [n, n];
            ValueList<IR.Symbolic.Dim> pads = [m.Dims.Const(pad), m.Dims.Const(pad)];
            var (k, s, d) = (Two(kernel), Two(stride), Two(dilation));
            return
            [
                new MaxPool(k, s, d, pads, pads, isCeiling),
                new MaxPoolIndices(k, s, d, pads, pads, isCeiling, false),
                new MaxPoolIndices(k, s, d, pads, pads, isCeiling, true),
                new AveragePool(k, s, d, pads, pads, isCeiling, false),
                new AveragePool(k, s, d, pads, pads, isCeiling, true),
                new LpPool(k, s, d, pads, pads, isCeiling, 1),
                new LpPool(k, s, d, pads, pads, isCeiling, 2),
                new LpPool(k, s, d, pads, pads, isCeiling, 3),
            ];
        }

        for (var i = 0; i < 8; i++)
        {
            var m = new OpCheck();
            m.Check(Ops(m)[i], m.Input("n 3 h w", x));
        }
    }

    [Theory]
    [InlineData(2, 2, 0, 0)]
    [InlineData(2, 2, 1, 1)]
    [InlineData(2, 2, 2, 1)]
    [InlineData(2, 2, 3, 1)]
    [InlineData(3, 2, 1, 0)]
    [InlineData(3, 2, 2, 1)]
    [InlineData(3, 3, 1, 1)]
    [InlineData(4, 2, 2, 0)]
    public void An_input_shorter_than_the_window_by_less_than_a_stride_has_one_output(long kernel, long stride, long input, long output)
    {
        var m = new OpCheck();
        var op = new AveragePool([kernel], [stride], [1], [m.Dims.Zero], [m.Dims.Zero], false, false);
        var result = m.Check(op, m.Input("n 3 w", OpCheck.Random(1, 3, input)));
        Assert.Equal(output, result.Single().Dims[2]);
    }

    [Fact]
    public void Repeated_halving_stays_one_division()
    {
        var m = new OpCheck();
        var x = m.Input("n 3 w", OpCheck.Random(1, 3, 9));
        for (var i = 0; i < 4; i++)
        {
            x = m.Builder.Add(new MaxPool([2], [2], [1], [m.Dims.Zero], [m.Dims.Zero], false), [x]);
        }

        var w = m.Dim("w");
        Assert.Equal(w.FloorDiv(16).Max(w.Min(1)), x.Type.Shape[2]);
    }

    [Fact]
    public void Pooling_of_nothing_gives_nothing()
    {
        var m = new OpCheck();
        m.Check(new MaxPool([2], [2], [1], [m.Dims.Zero], [m.Dims.Zero], false), m.Input("n 3 w", OpCheck.Random(0, 3, 4)));
    }

    [Fact]
    public void Integers_pool_by_their_own_order()
    {
        var m = new OpCheck();
        m.Check(new MaxPool([2], [1], [1], [m.Dims.One], [m.Dims.One], false),
            m.Input("n 3 w", OpCheck.Integers(ElementType.Int8, -100, 100, 1, 3, 9)));
    }

    [Theory]
    [InlineData(1, 1, 0, 1)]
    [InlineData(2, 1, 1, 1)]
    [InlineData(3, 2, 0, 2)]
    public void Columns_add_up_to_an_image(long kernel, long stride, long pad, long dilation)
    {
        var m = new OpCheck();
        var (h, w) = (7L, 9L);
        long Blocks(long extent) => ((extent + (2 * pad) - (dilation * (kernel - 1)) - 1) / stride) + 1;
        ValueList<IR.Symbolic.Dim> pads = [m.Dims.Const(pad), m.Dims.Const(pad)];
        m.Check(new Col2Im([m.Dims.Const(h), m.Dims.Const(w)], [m.Dims.Const(kernel), m.Dims.Const(kernel)], [stride, stride], [dilation, dilation], pads, pads),
            m.Input("n c l", OpCheck.Random(2, 3 * kernel * kernel, Blocks(h) * Blocks(w))));
    }

    [Fact]
    public void Dilation_puts_zeros_between_neighbours()
    {
        var m = new OpCheck();
        m.Check(new Dilate([1, 2, 3]), m.Input("n h w", OpCheck.Random(2, 4, 5)));
    }

    [Theory]
    [InlineData(0, false, true)]
    [InlineData(2, false, false)]
    [InlineData(2, true, true)]
    [InlineData(0, true, false)]
    public void Regions_are_aligned(long samples, bool isMaximum, bool isHalfPixel)
    {
        var m = new OpCheck();
        var regions = Tensor.FromSpan<float>(ElementType.Float32, [0, 0, 9, 9, 2, 3, 5, 8, -4, -4, 30, 30], 3, 4);
        m.Check(new RoiAlign(3, 2, samples, 0.7, isMaximum, isHalfPixel), m.Input("n c h w", OpCheck.Random(2, 2, 6, 7)),
            m.Input("r 4", regions), m.Input("r", Tensor.Vector(0, 1, 1)));
    }

    [Fact]
    public void Regions_are_pooled()
    {
        var m = new OpCheck();
        var regions = Tensor.FromSpan<float>(ElementType.Float32, [0, 0, 0, 9, 9, 1, 2, 3, 5, 8, 1, 30, 30, 40, 40], 3, 5);
        m.Check(new MaxRoiPool(3, 2, 0.7), m.Input("n c h w", OpCheck.Random(2, 2, 6, 7)), m.Input("r 5", regions));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Deformed_columns(bool hasMask)
    {
        var m = new OpCheck();
        var inputs = new List<Value> { m.Input("n 4 h w", OpCheck.Random(2, 4, 5, 6)), m.Input("n 16 p q", OpCheck.Random(2, 16, 5, 6)) };
        if (hasMask)
        {
            inputs.Add(m.Input("n 8 p q", OpCheck.Random(2, 8, 5, 6)));
        }

        m.Check(new DeformedColumns([2, 2], [1, 1], [1, 1], [m.Dims.One, m.Dims.One], 2, hasMask), [.. inputs]);
    }
}
