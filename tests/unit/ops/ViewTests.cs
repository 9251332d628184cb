using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Kernels of slices, pads, joins and gathers agree with their reference semantics at extents of 0, 1 and more.</summary>
public sealed class ViewTests
{
    [Theory]
    [InlineData(5, 1, 1, 4)]
    [InlineData(5, 4, -2, 3)]
    [InlineData(1, 0, 3, 1)]
    [InlineData(7, 2, 1, 0)]
    public void Slices_step_forward_and_back(long extent, long start, long step, long size)
    {
        var m = new OpCheck();
        var x = m.Input("a b", OpCheck.Random(3, extent));
        m.Check(new Slice([m.Dims.Zero, m.Dims.Const(start)], [m.Dims.One, m.Dims.Const(step)], [m.Dim("a"), m.Dims.Const(size)]), x);
    }

    [Fact]
    public void A_slice_beyond_its_axis_is_an_error()
    {
        var m = new OpCheck();
        var x = m.Input("a", OpCheck.Random(3));
        var op = new Slice([m.Dims.One], [m.Dims.One], [m.Dims.Const(3)]);
        Assert.Throws<DlcException>(() => m.Check(op, x));
    }

    [Theory]
    [InlineData(PadMode.Constant, 3, 2, 1)]
    [InlineData(PadMode.Constant, 3, -1, 2)]
    [InlineData(PadMode.Constant, 0, 1, 1)]
    [InlineData(PadMode.Edge, 3, 4, 5)]
    [InlineData(PadMode.Edge, 1, 1, 0)]
    [InlineData(PadMode.Reflect, 4, 3, 3)]
    [InlineData(PadMode.Reflect, 4, 9, 11)]
    [InlineData(PadMode.Reflect, 1, 2, 2)]
    [InlineData(PadMode.Wrap, 3, 7, 4)]
    [InlineData(PadMode.Wrap, 5, -2, 1)]
    public void Pads_of_every_mode(PadMode mode, long extent, long begin, long end)
    {
        foreach (var shape in new[] { "a b", $"a {extent}" })
        {
            if (shape != "a b" && extent == 0)
            {
                continue;
            }

            var m = new OpCheck();
            var op = new Pad(mode, [m.Dims.One, m.Dims.Const(begin)], [m.Dims.Zero, m.Dims.Const(end)]);
            var x = m.Input(shape, OpCheck.Random(2, extent));
            m.Check(op, mode == PadMode.Constant ? [x, m.Input("", Tensor.Scalar(ElementType.Float32, 7))] : [x]);
        }
    }

    [Theory]
    [InlineData(0, 2, 3, 4)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(1, 0, 3, 0)]
    public void Joins_along_an_axis(int axis, long a, long b, long c)
    {
        var m = new OpCheck();
        Value Part(string name, long extent) => axis == 0
            ? m.Input($"{name} k", OpCheck.Random(extent, 5)) : m.Input($"k {name}", OpCheck.Random(5, extent));
        m.Check(new Concat(axis), Part("a", a), Part("b", b), Part("c", c));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Gathers_along_an_axis(int axis)
    {
        foreach (var element in new[] { ElementType.Int64, ElementType.Int32 })
        {
            var m = new OpCheck();
            m.Check(new Gather(axis), m.Input("a b c", OpCheck.Random(4, 5, 6)), m.Input("i j", OpCheck.Integers(element, -4, 4, 2, 3)));
            m = new OpCheck();
            m.Check(new GatherElements(axis), m.Input("a b c", OpCheck.Random(4, 5, 6)), m.Input("i j k", OpCheck.Integers(element, -4, 4, 3, 4, 2)));
        }
    }

    [Fact]
    public void Nothing_is_gathered_from_nothing()
    {
        var m = new OpCheck();
        m.Check(new Gather(0), m.Input("a b", OpCheck.Random(0, 3)), m.Input("i", OpCheck.Integers(ElementType.Int64, 0, 1, 0)));
        m = new OpCheck();
        m.Check(new Gather(0), m.Input("a b", OpCheck.Random(3, 0)), m.Input("i", OpCheck.Integers(ElementType.Int64, 0, 3, 4)));
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(-5, 4)]
    [InlineData(0, 0)]
    public void An_index_outside_is_an_error_and_not_a_crash(long index, long extent)
    {
        var m = new OpCheck();
        var (x, i) = (m.Input("a b", OpCheck.Random(extent, 3)), m.Input("i", Tensor.Vector(index)));
        Assert.Throws<DlcException>(() => m.Check(new Gather(0), x, i));
        var program = m.Lower(new Gather(0), x, i);
        Assert.Throws<DlcException>(() => m.Interpret(program));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0, 3)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    public void Tuples_gather_slices(int batch, int tuple)
    {
        var m = new OpCheck();
        long[] batchDims = [.. new long[] { 3, 4 }.Take(batch)];
        var indices = OpCheck.Integers(ElementType.Int64, -3, 3, [.. batchDims, 2, tuple]);
        var names = string.Join(' ', new[] { "a", "b" }.Take(batch).Append("i").Append($"{tuple}"));
        m.Check(new GatherND(batch), m.Input("a b c", OpCheck.Random(3, 4, 5)), m.Input(names, indices));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void Sequences_are_reversed_up_to_their_lengths(int time, int batch)
    {
        var m = new OpCheck();
        m.Check(new ReverseSequence(time, batch), m.Input("a b c", OpCheck.Random(4, 4, 3)), m.Input(batch == 0 ? "a" : "b", Tensor.Vector(0, 1, 3, 4)));
    }

    [Fact]
    public void Broadcasts_repeat_extents_of_one_also_unknown_ones()
    {
        foreach (var extent in new long[] { 1, 4 })
        {
            var m = new OpCheck();
            var x = m.Input("a 1", OpCheck.Random(extent, 1));
            m.Check(new Broadcast([m.Dims.Const(2), m.Dims.Const(4), m.Dims.Const(3)]), x);
        }
    }
}
