using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>Shapes that depend on a list of axes which only the run knows; their number is known, and so is the rank of every result.</summary>
internal static class RuntimeAxes
{
    /// <summary>The input as axes <c>[k]</c> from 0 to rank - 1; negative ones count from the end.</summary>
    public static Value Read(OnnxNode node, int input, int rank)
    {
        var axes = node.As(node.Shaped(node.Input(input), [node.Dims.Const(node.ElementCount(input))]), ElementType.Int64);
        return node.Choose(node.IsLess(axes, 0), node.Plus(axes, rank), axes);
    }

    /// <summary>One axis of the list as a scalar.</summary>
    public static Value At(OnnxNode node, Value axes, int i) =>
        node.Shaped(node.Sliced(axes, 0, node.Dims.Const(i), node.Dims.One), []);

    /// <summary>The shape without the axes.</summary>
    public static Shape Without(OnnxNode node, Shape shape, Value axes)
    {
        if (axes.Type.Shape[0].Constant > shape.Rank)
        {
            throw node.Error($"names {axes.Type.Shape[0]} axes of {shape}");
        }

        var isKept = node.Emit(new Not(), IsNamed(node, shape.Rank, axes));
        var kept = node.Dims.Const(shape.Rank) - axes.Type.Shape[0];

        // Kept axis number j of the shape becomes axis j: a sum over a table of where each goes.
        var target = node.Unsqueezed(node.Emit(new Iota(ElementType.Int64, [kept], 0)), 1);
        var goesThere = node.Emit(new And(), isKept, node.IsEqual(Before(node, isKept), target));
        return Bound(node, node.Squeezed(node.Sum(node.Choose(goesThere, Sizes(node, shape), 0), 1), 1));
    }

    /// <summary>The shape with new axes of extent 1, which are numbered as in the result.</summary>
    public static Shape With(OnnxNode node, Shape shape, Value axes)
    {
        var rank = node.Dims.Const(shape.Rank) + axes.Type.Shape[0];
        var isNew = IsNamed(node, (int)rank.Constant, axes);
        if (shape.Rank == 0)
        {
            return new Shape([.. Enumerable.Repeat(node.Dims.One, (int)rank.Constant)]);
        }

        var source = node.Smallest(Before(node, node.Emit(new Not(), isNew)), shape.Rank - 1);
        return Bound(node, node.Choose(isNew, 1, node.Emit(new Gather(0), Sizes(node, shape), source)));
    }

    /// <summary>A bool for each of <paramref name="rank"/> axes: whether the list names it.</summary>
    private static Value IsNamed(OnnxNode node, int rank, Value axes)
    {
        var places = node.Emit(new Iota(ElementType.Int64, [node.Dims.Const(rank), node.Dims.One], 0));
        return node.Squeezed(node.Reduced(ReduceKind.Or, node.IsEqual(places, axes), 1), 1);
    }

    /// <summary>How many of a list of bools are set before each.</summary>
    private static Value Before(OnnxNode node, Value isSet) =>
        node.Emit(new Cumulate(ReduceKind.Sum, 0, IsExclusive: true, IsReverse: false), node.As(isSet, ElementType.Int64));

    private static Value Sizes(OnnxNode node, Shape shape) =>
        node.Emit(new DimTensor(ElementType.Int64, [node.Dims.Const(shape.Rank)], [.. shape.Dims]));

    private static Shape Bound(OnnxNode node, Value sizes)
    {
        var list = new OnnxValue(node.Builder, sizes);
        return new Shape([.. Enumerable.Range(0, (int)sizes.Type.Shape[0].Constant).Select(list.SizeAt)]);
    }
}
