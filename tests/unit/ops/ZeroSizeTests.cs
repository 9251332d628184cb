using Dlc.IR;
using Dlc.IR.Ops;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Operators on tensors without elements, or whose lists are empty, give what their reference semantics give.</summary>
public sealed class ZeroSizeTests
{
    private static readonly Tensor Nothing = OpCheck.Random(0, 4);

    [Fact]
    public void Selections_from_nothing()
    {
        var m = new OpCheck();
        m.Check(new TopK(m.Dims.Zero, 0, true), m.Input("a b", Nothing));
        m = new OpCheck();
        m.Check(new TopK(m.Dims.Const(2), 1, true), m.Input("a b", Nothing));
        m = new OpCheck();
        m.Check(new ArgReduce(0, false, false), m.Input("a b", Nothing));
        m = new OpCheck();
        m.Check(new ArgReduce(1, true, true), m.Input("a b", OpCheck.Random(3, 0)));
        m = new OpCheck();
        m.Check(new NonZeroPositions(m.Dims.Zero), m.Input("a b", new Tensor(ElementType.Bool, 0, 4)));
        m = new OpCheck();
        m.Check(new UniqueRows(true), m.Input("a b", Nothing));
        m = new OpCheck();
        m.Check(new Cumulate(ReduceKind.Sum, 0, true, false), m.Input("a b", Nothing));
        m = new OpCheck();
        m.Check(new Cumulate(ReduceKind.Prod, 1, false, true), m.Input("a b", Nothing));
    }

    [Fact]
    public void Scatters_of_nothing_copy()
    {
        var m = new OpCheck();
        m.Check(new ScatterElements(0, ScatterReduction.Add), m.Input("a b", OpCheck.Random(3, 4)), m.Input("c b", new Tensor(ElementType.Int64, 0, 4)),
            m.Input("c b", Nothing));
        m = new OpCheck();
        m.Check(new ScatterND(ScatterReduction.None), m.Input("a b", OpCheck.Random(3, 4)), m.Input("n 1", new Tensor(ElementType.Int64, 0, 1)),
            m.Input("n b", Nothing));
        m = new OpCheck();
        m.Check(new ScatterND(ScatterReduction.Max), m.Input("a b", OpCheck.Random(3, 0)), m.Input("n 1", OpCheck.Integers(ElementType.Int64, 0, 3, 5, 1)),
            m.Input("n b", OpCheck.Random(5, 0)));
        m = new OpCheck();
        m.Check(new TensorScatter(1, true), m.Input("b s", OpCheck.Random(2, 3)), m.Input("b l", OpCheck.Random(2, 0)), m.Input("b", Tensor.Vector(1, 2)));
    }

    [Fact]
    public void No_boxes_and_no_regions()
    {
        var m = new OpCheck();
        var outputs = m.Check(new NonMaxSuppression(false), m.Input("b n 4", OpCheck.Random(2, 0, 4)), m.Input("b c n", OpCheck.Random(2, 3, 0)),
            m.Input("", Tensor.Scalar(5)), m.Input("", Tensor.Scalar(ElementType.Float32, 0)), m.Input("", Tensor.Scalar(ElementType.Float32, 0)));
        m = new OpCheck();
        m.Check(new SelectedBoxes(m.Dims.Zero), m.Input("b c n", outputs[0]), m.Input("b c", outputs[1]));
        m = new OpCheck();
        m.Check(new RoiAlign(2, 2, 0, 1, false, true), m.Input("n c h w", OpCheck.Random(1, 2, 4, 4)), m.Input("r 4", OpCheck.Random(0, 4)),
            m.Input("r", new Tensor(ElementType.Int64, 0)));
        m = new OpCheck();
        m.Check(new MaxRoiPool(2, 2, 1), m.Input("n c h w", OpCheck.Random(1, 2, 0, 4)), m.Input("r 5", new Tensor(ElementType.Float32, 2, 5)));
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(2, 0)]
    [InlineData(0, 0)]
    public void Recurrences_over_nothing(long steps, long batch)
    {
        var m = new OpCheck();
        m.Check(new Lstm([false], [RecurrentFunction.Sigmoid, RecurrentFunction.Tanh, RecurrentFunction.Tanh], [0, 0, 0], [0, 0, 0],
            double.PositiveInfinity, false, false, false), m.Input("t b 1 4 5", OpCheck.Random(steps, batch, 1, 4, 5)),
            m.Input("1 1 5 4 16", OpCheck.Random(1, 1, 5, 4, 16)), m.Input("1 b 5", OpCheck.Random(1, batch, 5)), m.Input("1 b 5", OpCheck.Random(1, batch, 5)));
    }

    [Fact]
    public void Pools_of_no_positions()
    {
        var m = new OpCheck();
        m.Check(new AveragePool([3, 3], [1, 1], [1, 1], [m.Dims.One, m.Dims.One], [m.Dims.One, m.Dims.One], false, true),
            m.Input("n c h w", OpCheck.Random(1, 2, 0, 4)));
        m = new OpCheck();
        m.Check(new MaxPool([1, 3], [1, 2], [1, 1], [m.Dims.Zero, m.Dims.One], [m.Dims.Zero, m.Dims.One], true),
            m.Input("n c h w", OpCheck.Random(1, 2, 4, 0)));
    }
}
