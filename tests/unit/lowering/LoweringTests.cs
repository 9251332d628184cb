using Dlc.Codegen.Ptx;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Lowering;

/// <summary>Fused and lowered graphs, run by the kernel interpreter, agree with the operators' reference semantics.</summary>
public sealed class LoweringTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 7)]
    [InlineData(2, 40)]
    [InlineData(0, 5)]
    public void Elementwise_chain_is_one_kernel(long batch, long length)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var (b, s) = (m.Dim("b"), m.Dim("s"));
        var x = m.Input(b, s);
        var y = m.Input(s);
        var sum = m.Builder.Add(new Add(), [x, y]);
        var result = m.Builder.Add(new Mul(), [m.Builder.Add(new Exp(), [sum]), sum]);
        m.Check([result], 1, [batch, length], [length]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 9)]
    [InlineData(2, 33)]
    public void Softmax_is_one_kernel(long batch, long length)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(m.Dim("b"), m.Dim("s"));
        m.Check([m.Softmax(x)], 1, [batch, length]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 5)]
    public void Layer_norm_with_residual_is_one_kernel_with_two_outputs(long batch, long length)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var (b, s) = (m.Dim("b"), m.Dim("s"));
        var (x, y) = (m.Input(b, s, m.Dims.Const(24)), m.Input(b, s, m.Dims.Const(24)));
        var sum = m.Builder.Add(new Add(), [x, y]);
        var normed = m.LayerNorm(sum, 24);
        m.Check([normed, sum], 1, [batch, length, 24], [batch, length, 24]);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 5)]
    [InlineData(1, 13)]
    [InlineData(3, 0)]
    public void Linear_layer_with_epilogue_is_one_kernel(long batch, long length)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var (b, s) = (m.Dim("b"), m.Dim("s"));
        var x = m.Input(b, s, m.Dims.Const(8));
        var residual = m.Input(b, s, m.Dims.Const(20));
        var product = m.Builder.Add(new MatMul(ElementType.Float32), [x, m.Constant(8, 20)]);
        var biased = m.Builder.Add(new Add(), [product, m.Constant(20)]);
        var gelu = m.Builder.Add(new Mul(), [biased, m.Builder.Add(new Erf(), [biased])]);
        m.Check([m.Builder.Add(new Add(), [gelu, residual])], 1, [batch, length, 8], [batch, length, 20]);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 5, 17)]
    [InlineData(1, 14, 14)]
    public void Attention_reads_and_stores_through_views(long batch, long queries, long keys)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var (b, q, k) = (m.Dim("b"), m.Dim("q"), m.Dim("k"));
        var (heads, width) = (m.Dims.Const(3), m.Dims.Const(8));
        Value Heads(Value v, Dim length, params int[] permutation) => m.Builder.Add(new Transpose(ValueList.Create<int>(permutation)),
            [m.Builder.Add(new Reshape([b, length, heads, width]), [v])]);
        var (query, key, value) = (m.Input(b, q, heads * width), m.Input(b, k, heads * width), m.Input(b, k, heads * width));
        var scores = m.Builder.Add(new MatMul(ElementType.Float32), [Heads(query, q, 0, 2, 1, 3), Heads(key, k, 0, 2, 3, 1)]);
        var scaled = m.Builder.Add(new Mul(), [scores, m.Scalar(0.35f)]);
        var context = m.Builder.Add(new MatMul(ElementType.Float32), [m.Softmax(scaled), Heads(value, k, 0, 2, 1, 3)]);
        var joined = m.Builder.Add(new Reshape([b, q, heads * width]),
            [m.Builder.Add(new Transpose([0, 2, 1, 3]), [context])]);
        m.Check([m.Builder.Add(new MatMul(ElementType.Float32), [joined, m.Constant(24, 10)])], 4,
            [batch, queries, 24], [batch, keys, 24], [batch, keys, 24]);
    }

    [Theory]
    [InlineData(1, 5, 6, 1, 1, 1)]
    [InlineData(2, 9, 20, 2, 1, 1)]
    [InlineData(1, 7, 40, 1, 2, 2)]
    [InlineData(1, 4, 4, 1, 1, 6)]
    public void Convolution_with_epilogue_is_one_kernel(long batch, long height, long width, long stride, long dilation, long groups)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(m.Dim("n"), m.Dims.Const(6), m.Dim("h"), m.Dim("w"));
        var pads = ValueList.Create<Dim>([m.Dims.One, m.Dims.One]);
        var conv = m.Builder.Add(new Conv([stride, stride], [dilation, dilation], pads, pads, groups, ElementType.Float32),
            [x, m.Constant(12, 6 / groups, 3, 2)]);
        var biased = m.Builder.Add(new Add(), [conv, m.Constant(1, 12, 1, 1)]);
        m.Check([m.Builder.Add(new Max(), [biased, m.Scalar(0)])], 1, [batch, 6, height, width]);
    }

    [Theory]
    [InlineData(2, 3, 50)]
    [InlineData(1, 1, 1)]
    public void Pointwise_convolution_reads_in_place_or_packs(long batch, long height, long width)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(m.Dim("n"), m.Dims.Const(5), m.Dim("h"), m.Dim("w"));
        var pads = ValueList.Create<Dim>([m.Dims.Zero, m.Dims.Zero]);
        Value Conv(Value input, long from, long to) => m.Builder.Add(new Conv([1, 1], [1, 1], pads, pads, 1, ElementType.Float32),
            [input, m.Constant(to, from, 1, 1)]);
        m.Check([Conv(Conv(x, 5, 40), 40, 7)], 2, [batch, 5, height, width]);
    }

    [Fact]
    public void Many_small_images_of_known_sizes_have_tiles_of_a_GPU()
    {
        // The gradient of a convolution's weights: channels in the place of images, known to be more than large tiles need.
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, GpuLaunches = 1 };
        var x = m.Input(m.Dims.Const(150), m.Dims.Const(2), m.Dims.Const(3), m.Dims.Const(3));
        var pads = ValueList.Create<Dim>([m.Dims.Zero, m.Dims.Zero]);
        m.Check([m.Builder.Add(new Conv([1, 1], [1, 1], pads, pads, 1, ElementType.Float32), [x, m.Constant(5, 2, 2, 2)])], 1, [150, 2, 3, 3]);
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 9)]
    public void A_deep_convolution_of_few_pixels_is_split_on_a_GPU(long batch, long width)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80, GpuLaunches = 2 };
        var x = m.Input(m.Dim("n"), m.Dims.Const(90), m.Dims.Const(4), m.Dim("w"));
        var pads = ValueList.Create<Dim>([m.Dims.One, m.Dims.One]);
        var conv = m.Builder.Add(new Conv([1, 1], [1, 1], pads, pads, 1, ElementType.Float32), [x, m.Constant(6, 90, 3, 3)]);
        m.Check([m.Builder.Add(new Max(), [m.Builder.Add(new Add(), [conv, m.Constant(1, 6, 1, 1)]), m.Scalar(0)])], 1, [batch, 90, 4, width]);
    }

    [Theory]
    [InlineData(2, 3, 5)]
    [InlineData(1, 1, 1)]
    public void Column_reduction_and_transposed_copies(long a, long b, long c)
    {
        var m = new ModelUnderTest { OnGpu = PtxTarget.Sm80 };
        var x = m.Input(m.Dim("a"), m.Dim("b"), m.Dim("c"));
        var sum = m.Builder.Add(new Reduce(ReduceKind.Sum, [1]), [x]);
        var transposed = m.Builder.Add(new Transpose([2, 0, 1]), [m.Builder.Add(new Exp(), [x])]);
        m.Check([m.Builder.Add(new Neg(), [sum]), transposed], 2, [a, b, c]);
    }
}
