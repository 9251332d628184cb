using Dlc.IR;
using Dlc.IR.Ops;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Kernels of scans, scatters, sorts and selections agree with their reference semantics.</summary>
public sealed class SelectionTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Arg_reductions_find_the_first_or_last(int axis)
    {
        foreach (var (isMin, selectsLast) in new[] { (false, false), (false, true), (true, false), (true, true) })
        {
            var m = new OpCheck();
            m.Check(new ArgReduce(axis, isMin, selectsLast), m.Input("a b c", OpCheck.Integers(ElementType.Float32, 0, 4, 5, 6, 7)));
            m = new OpCheck();
            m.Check(new ArgReduce(axis, isMin, selectsLast), m.Input("a b c", OpCheck.Integers(ElementType.Int32, -4, 4, 3, 1, 9)));
        }
    }

    [Fact]
    public void The_first_NaN_wins()
    {
        var m = new OpCheck();
        var x = Tensor.FromSpan<float>(ElementType.Float32, [1, float.NaN, 3, float.NaN], 4);
        Assert.Equal(1, m.Check(new ArgReduce(0, false, false), m.Input("a", x))[0].GetLong(0));
    }

    [Theory]
    [InlineData(0, false, false)]
    [InlineData(1, true, false)]
    [InlineData(2, false, true)]
    [InlineData(2, true, true)]
    public void Running_sums_and_products(int axis, bool isExclusive, bool isReverse)
    {
        foreach (var kind in new[] { ReduceKind.Sum, ReduceKind.Prod })
        {
            var m = new OpCheck();
            m.Check(new Cumulate(kind, axis, isExclusive, isReverse), m.Input("a b c", OpCheck.Random(3, 4, 5)));
            m = new OpCheck();
            m.Check(new Cumulate(kind, axis, isExclusive, isReverse), m.Input("a b c", OpCheck.Integers(ElementType.Int64, -3, 4, 3, 0, 5)));
        }
    }

    [Theory]
    [InlineData(ScatterReduction.None, 0)]
    [InlineData(ScatterReduction.Add, 1)]
    [InlineData(ScatterReduction.Mul, 2)]
    [InlineData(ScatterReduction.Max, 1)]
    [InlineData(ScatterReduction.Min, 0)]
    public void Elements_scatter_in_order(ScatterReduction reduction, int axis)
    {
        var m = new OpCheck();
        var indices = OpCheck.Integers(ElementType.Int64, -4, 4, 3, 4, 2);
        m.Check(new ScatterElements(axis, reduction), m.Input("a b c", OpCheck.Random(4, 5, 6)), m.Input("i j k", indices),
            m.Input("i j k", OpCheck.Random(3, 4, 2)));
    }

    [Theory]
    [InlineData(ScatterReduction.None, 1)]
    [InlineData(ScatterReduction.Add, 2)]
    [InlineData(ScatterReduction.Max, 3)]
    public void Slices_scatter_in_order(ScatterReduction reduction, int q)
    {
        var m = new OpCheck();
        var indices = OpCheck.Integers(ElementType.Int64, -3, 3, 6, q);
        m.Check(new ScatterND(reduction), m.Input("a b c", OpCheck.Random(3, 4, 5)), m.Input($"n {q}", indices),
            m.Input("n " + string.Join(' ', new[] { "b", "c" }.Skip(q - 1)), OpCheck.Random([6, .. new long[] { 4, 5 }.Skip(q - 1)])));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_cache_takes_an_update(bool isCircular)
    {
        var m = new OpCheck();
        m.Check(new TensorScatter(2, isCircular), m.Input("b 3 s 4", OpCheck.Random(2, 3, 6, 4)), m.Input("b 3 l 4", OpCheck.Random(2, 3, 2, 4)),
            m.Input("b", isCircular ? Tensor.Vector(5, 1) : Tensor.Vector(4, 0)));
    }

    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(1, 3, false)]
    [InlineData(1, 40, true)]
    [InlineData(2, 0, true)]
    public void The_best_come_first(int axis, long k, bool isLargest)
    {
        var m = new OpCheck();
        m.Check(new TopK(m.Dims.Const(k), axis, isLargest), m.Input("a b c", OpCheck.Integers(ElementType.Float32, 0, 20, 3, 40, 2)));
        m = new OpCheck();
        m.Check(new TopK(m.Dims.Const(k), axis, isLargest), m.Input("a b c", OpCheck.Random(3, 40, 2)));
    }

    [Fact]
    public void NaN_is_greatest()
    {
        var x = Tensor.FromSpan<float>(ElementType.Float32, [1, float.NaN, 3, float.NaN, -1], 5);
        var m = new OpCheck();
        Assert.Equal([1L, 3, 2], m.Check(new TopK(m.Dims.Const(3), 0, true), m.Input("a", x))[1].Span<long>().ToArray());
        m = new OpCheck();
        Assert.Equal([4L, 0, 2, 1, 3], m.Check(new TopK(m.Dims.Const(5), 0, false), m.Input("a", x))[1].Span<long>().ToArray());
    }

    [Fact]
    public void Positions_and_coordinates_of_true_elements()
    {
        var m = new OpCheck();
        m.Check(new NonZeroPositions(m.Dims.Const(4)), m.Input("a b", Tensor.FromSpan<byte>(ElementType.Bool, [1, 0, 1, 0, 1, 1], 2, 3)));
        m = new OpCheck();
        var shape = new Shape([m.Dim("a"), m.Dims.Const(3)]);
        m.Input("a", OpCheck.Random(2));
        m.Check(new Unravel(shape), m.Input("n", Tensor.Vector(0, 2, 4, 5)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Distinct_rows(bool isSorted)
    {
        foreach (var (n, w) in new[] { (9L, 1L), (12L, 2L), (1L, 3L), (0L, 2L), (3L, 0L) })
        {
            var m = new OpCheck();
            m.Check(new UniqueRows(isSorted), m.Input("n w", OpCheck.Integers(ElementType.Float32, 0, 3, n, w)));
        }
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 100)]
    [InlineData(true, 0)]
    public void Overlapping_boxes_are_left_out(bool hasCenters, long most)
    {
        var m = new OpCheck();
        var chosen = m.Check(new NonMaxSuppression(hasCenters), m.Input("b n 4", OpCheck.Random(2, 12, 4)), m.Input("b c n", OpCheck.Random(2, 3, 12)),
            m.Input("", Tensor.Scalar(most)), m.Input("", Tensor.Scalar(ElementType.Float32, 0.2)), m.Input("", Tensor.Scalar(ElementType.Float32, -0.5)));
        var total = chosen[1].Span<long>().ToArray().Sum();
        m = new OpCheck();
        m.Check(new SelectedBoxes(m.Dims.Const(total)), m.Input("b c n", chosen[0]), m.Input("b c", chosen[1]));
    }

    [Fact]
    public void Mel_filters()
    {
        var m = new OpCheck();
        Value Scalar(double x) => m.Input("", Tensor.Scalar(ElementType.Float64, x));
        m.Check(new MelWeights(m.Dims.Const(9), m.Dims.Const(8), ElementType.Float32), Scalar(16), Scalar(8192), Scalar(0), Scalar(4096));
    }

    [Fact]
    public void Random_numbers_have_their_moments()
    {
        foreach (var (isNormal, mean, deviation) in new[] { (false, 0.5, Math.Sqrt(1 / 12.0)), (true, 0.0, 1.0) })
        {
            var m = new OpCheck();
            m.Input("a", OpCheck.Random(1));
            var x = m.Check(new RandomNumbers([m.Dims.Const(60), m.Dims.Const(50)], 7, isNormal))[0].Span<float>().ToArray();
            Assert.Equal(mean, x.Average(), 0.06);
            Assert.Equal(deviation, Math.Sqrt(x.Average(v => (v - mean) * (v - mean))), 0.06);
        }
    }

    [Theory]
    [InlineData(false, false, "d", "e")]
    [InlineData(true, false, "5", "6")]
    [InlineData(false, true, "d", "e")]
    [InlineData(true, true, "5", "6")]
    public void Linear_attention(bool hasDecay, bool hasBeta, string d, string e)
    {
        var m = new OpCheck();
        var inputs = new List<Value>
        {
            m.Input($"b t 4 {d}", OpCheck.Random(2, 3, 4, 5)), m.Input($"b t 2 {d}", OpCheck.Random(2, 3, 2, 5)), m.Input($"b t 2 {e}", OpCheck.Random(2, 3, 2, 6)),
            m.Input($"b 2 {d} {e}", OpCheck.Random(2, 2, 5, 6)),
        };
        if (hasDecay)
        {
            inputs.Add(m.Input($"b t 2 {d}", OpCheck.Random(2, 3, 2, 5)));
        }

        if (hasBeta)
        {
            inputs.Add(m.Input("b t 2", OpCheck.Random(2, 3, 2)));
        }

        m.Check(new LinearAttention(hasDecay, hasBeta), [.. inputs]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    public void Determinants(long n)
    {
        var m = new OpCheck();
        m.Check(new Determinant(), m.Input("b n n", OpCheck.Random(3, n, n)));
        m = new OpCheck();
        m.Check(new Determinant(), m.Input("b n n", OpCheck.Integers(ElementType.Float32, 0, 2, 8, n, n)));
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(2, 0)]
    [InlineData(3, 5)]
    public void N_grams(long length, long skips)
    {
        var m = new OpCheck();
        m.Check(new NGramCounts(length, skips, 4), m.Input("b n", OpCheck.Integers(ElementType.Int64, 0, 3, 2, 7)),
            m.Input($"g {length}", OpCheck.Integers(ElementType.Int64, 0, 3, 5, length)), m.Input("g", Tensor.Vector(3, 0, 1, 2, 0)));
    }
}
