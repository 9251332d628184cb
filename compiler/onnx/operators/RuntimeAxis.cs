using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// An axis that a tensor names, perhaps only at run time: a view <c>[outer, extent, inner]</c> of the axes before it, itself and those after it. At
/// run time the three are computed as data and bound to symbols, so that one compiled operator serves every axis.
/// </summary>
internal sealed class RuntimeAxis
{
    private readonly OnnxNode _node;
    private readonly Shape _shape;
    private readonly int? _known;
    private readonly Value? _axis;
    private readonly Dictionary<Dim, Shape> _shapes = [];

    /// <summary>An axis that is known; <paramref name="rank"/> is what a negative one counts from.</summary>
    public RuntimeAxis(OnnxNode node, long axis, Shape shape, int rank)
    {
        (_node, _shape) = (node, shape);
        var known = node.Axis(axis, rank);
        _known = known < shape.Rank ? known : throw node.Error($"names axis {axis} of {shape}");
        (Outer, Extent, Inner) = (node.Dims.Product(shape.Dims[..known]), shape[known], node.Dims.Product(shape.Dims[(known + 1)..]));
    }

    /// <summary>An axis that is an integer scalar; <paramref name="rank"/> is what a negative one counts from.</summary>
    public RuntimeAxis(OnnxNode node, Value axis, Shape shape, int rank)
    {
        (_node, _shape) = (node, shape);
        var dims = node.Dims;
        var given = node.As(node.Shaped(axis, []), ElementType.Int64);
        _axis = node.Choose(node.IsLess(given, 0), node.Plus(given, rank), given);
        var sizes = node.Emit(new DimTensor(ElementType.Int64, [dims.Const(shape.Rank)], [.. shape.Dims]));
        var places = node.Emit(new Iota(ElementType.Int64, sizes.Type.Shape, 0));
        Value Product(Value isMeant) => node.Shaped(node.Reduced(ReduceKind.Prod, node.Choose(isMeant, sizes, 1), 0), []);
        var isThere = node.Emit(new And(), node.IsLess(-1, _axis), node.IsLess(_axis, shape.Rank));

        // A negative size fails: the axis is none.
        Extent = node.Bind(node.Choose(isThere, Product(node.IsEqual(places, _axis)), -1), "extent");
        Outer = node.Bind(Product(node.IsLess(places, _axis)), "outer");
        Inner = node.Bind(Product(node.IsLess(_axis, places)), "inner");
    }

    /// <summary>The axis of tensors of a shape that an input names; <paramref name="rank"/> is what a negative one counts from.</summary>
    public static RuntimeAxis OfInput(OnnxNode node, int input, Shape shape, int rank) => node.Constant(input) is { Count: 1 }
        ? new RuntimeAxis(node, node.ConstantLongs(input)[0], shape, rank) : new RuntimeAxis(node, node.Input(input), shape, rank);

    public Dim Outer { get; }

    public Dim Extent { get; }

    public Dim Inner { get; }

    /// <summary>A tensor of the shape as <c>[outer, extent, inner]</c>.</summary>
    public Value Open(Value x) => _node.Shaped(x, [Outer, Extent, Inner]);

    /// <summary>A tensor <c>[outer, length, inner, rest...]</c> under the shape with the axis as long as that, and the rest after it.</summary>
    public Value Close(Value y) => _node.Shaped(y, [.. With(y.Type.Shape[1]).Dims, .. y.Type.Shape.Dims[3..]]);

    /// <summary>The shape with another extent for the axis; its dims are bound once for each extent.</summary>
    public Shape With(Dim length)
    {
        if (!_shapes.TryGetValue(length, out var shape))
        {
            shape = _known is { } axis ? _shape.With(axis, length) : ReferenceEquals(length, Extent) ? _shape : Bound(length);
            _shapes.Add(length, shape);
        }

        return shape;
    }

    private Shape Bound(Dim length) => new([.. _shape.Dims.Select((dim, i) =>
        _node.Bind(_node.Choose(_node.IsEqual(_axis!, i), _node.Scalar(length), _node.Scalar(dim)), "n"))]);
}
