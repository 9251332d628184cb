using Dlc.Compiler.IO;
using Dlc.Peers;
using Xunit;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Tests.Unit.Peers;

public sealed class ComparisonTests
{
    [Theory]
    [InlineData(1f, 1.0009f, true)]
    [InlineData(1f, 1.0021f, false)]
    [InlineData(0f, 0.9e-5f, true)]
    [InlineData(0f, 1.1e-5f, false)]
    [InlineData(float.NaN, float.NaN, true)]
    [InlineData(float.NaN, 1f, false)]
    [InlineData(1f, float.NaN, false)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, true)]
    [InlineData(float.PositiveInfinity, float.NegativeInfinity, false)]
    [InlineData(float.PositiveInfinity, float.MaxValue, false)]
    [InlineData(1f, float.PositiveInfinity, false)]
    public void Floats_agree_within_the_tolerance_and_only_then(float expected, float found, bool agree) =>
        Assert.Equal(agree, Difference(TensorData.Of<float>([expected], 1), TensorData.Of<float>([found], 1)) is null);

    [Fact]
    public void The_first_difference_is_named_by_its_index()
    {
        var difference = Difference(TensorData.Of<float>([1, 2, 3, 4, 5, 6], 2, 3), TensorData.Of<float>([1, 2, 3, 4, 9, 9], 2, 3));
        Assert.Equal("[1,1]: expected 5, found 9 (2 of 6 differ, by up to 4)", difference);
    }

    [Fact]
    public void Type_and_shape_must_be_equal()
    {
        Assert.Equal("expected float[2], found float[2,1]", Difference(TensorData.Of<float>([1, 2], 2), TensorData.Of<float>([1, 2], 2, 1)));
        Assert.Equal("expected int64[1], found int32[1]", Difference(TensorData.Of<long>([1], 1), TensorData.Of<int>([1], 1)));
    }

    [Fact]
    public void Integers_and_booleans_agree_exactly()
    {
        Assert.Equal("[1]: expected 2, found 3", Difference(TensorData.Of<int>([1, 2], 2), TensorData.Of<int>([1, 3], 2)));
        Assert.Null(Difference(TensorData.Of<bool>([true], 1), new TensorData(DataType.Bool, [1], new byte[] { 0xFF })));
    }

    [Fact]
    public void Half_precision_has_an_epsilon_of_its_own() =>
        Assert.Null(Difference(TensorData.Of<Half>([(Half)1], 1), TensorData.Of<Half>([(Half)1.0015], 1)));

    [Fact]
    public void A_model_tolerance_counts_in_units_of_the_outputs_scale()
    {
        var expected = TensorData.Of<float>([1000, 0], 2);
        Assert.Null(Comparison.Difference(expected, TensorData.Of<float>([1000, 0.09f], 2), Tolerance.Model));
        Assert.NotNull(Comparison.Difference(expected, TensorData.Of<float>([1000, 0.11f], 2), Tolerance.Model));
    }

    [Fact]
    public void Of_random_outputs_only_type_and_shape_count() =>
        Assert.Null(Comparison.Difference(
            new Value.Dense(TensorData.Of<float>([1], 1)), new Value.Dense(TensorData.Of<float>([2], 1)), Tolerance.Operator, valuesToo: false));

    private static string? Difference(TensorData expected, TensorData found) => Comparison.Difference(expected, found, Tolerance.Operator);
}
