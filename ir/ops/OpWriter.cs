using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Appends common operators to a graph in few words: what derivatives and training steps are written in. Where a number stands in place of a value, it
/// takes the other operand's type.
/// </summary>
/// <param name="builder">Where the nodes go.</param>
/// <param name="origins">The ONNX nodes that they come from.</param>
public class OpWriter(GraphBuilder builder, ImmutableArray<string> origins)
{
    public GraphBuilder Builder { get; } = builder;

    public DimContext Dims => Builder.Dims;

    public Facts Facts => Builder.Facts;

    /// <summary>The ONNX nodes that what is appended comes from.</summary>
    protected ImmutableArray<string> Origins { get; } = origins;

    /// <summary>Applies an operator with one output.</summary>
    public Value Emit(Op op, params ReadOnlySpan<Value> inputs) => Builder.Add(op, inputs, Origins.AsSpan());

    /// <summary>Applies an operator.</summary>
    public Node EmitNode(Op op, ReadOnlySpan<Value> inputs, params ReadOnlySpan<Graph> regions) =>
        Builder.AddNode(op, inputs, regions, Origins.AsSpan());

    /// <summary>A writer for the same ONNX nodes into another graph.</summary>
    public OpWriter Into(GraphBuilder other) => new(other, Origins);

    public Value Scalar(ElementType element, double number) => Emit(new Constant(Tensor.Scalar(element, number)));

    /// <summary>A dim as a scalar.</summary>
    public Value Number(Dim dim, ElementType element) => dim.IsConstant ? Scalar(element, dim.Constant)
        : As(Emit(new DimTensor(ElementType.Int64, [], [dim])), element);

    /// <summary>A tensor all of whose elements are one number.</summary>
    public Value Filled(double number, ElementType element, Shape shape) => Repeated(Scalar(element, number), shape);

    public Value Zeros(TensorType type) => Filled(0, type.Element, type.Shape);

    public Value Plus(Value a, Value b) => Emit(new Add(), a, b);

    public Value Plus(Value a, double b) => Emit(new Add(), a, Scalar(a.Type.Element, b));

    public Value Minus(Value a, Value b) => Emit(new Sub(), a, b);

    public Value Minus(double a, Value b) => Emit(new Sub(), Scalar(b.Type.Element, a), b);

    public Value Minus(Value a, double b) => Emit(new Sub(), a, Scalar(a.Type.Element, b));

    public Value Times(Value a, Value b) => Emit(new Mul(), a, b);

    public Value Times(Value a, double b) => Emit(new Mul(), a, Scalar(a.Type.Element, b));

    public Value Over(Value a, Value b) => Emit(new Div(), a, b);

    public Value Over(double a, Value b) => Emit(new Div(), Scalar(b.Type.Element, a), b);

    public Value Negative(Value a) => Emit(new Neg(), a);

    public Value Square(Value a) => Emit(new Mul(), a, a);

    public Value IsLess(Value a, Value b) => Emit(new Less(), a, b);

    public Value IsLess(double a, Value b) => Emit(new Less(), Scalar(b.Type.Element, a), b);

    public Value IsLess(Value a, double b) => Emit(new Less(), a, Scalar(a.Type.Element, b));

    public Value IsEqual(Value a, Value b) => Emit(new Equal(), a, b);

    public Value IsEqual(Value a, double b) => Emit(new Equal(), a, Scalar(a.Type.Element, b));

    /// <summary>The first where the condition holds, else the second.</summary>
    public Value Choose(Value condition, Value then, Value otherwise) => Emit(new Where(), condition, then, otherwise);

    public Value Choose(Value condition, Value then, double otherwise) =>
        Emit(new Where(), condition, then, Scalar(then.Type.Element, otherwise));

    public Value Choose(Value condition, double then, Value otherwise) =>
        Emit(new Where(), condition, Scalar(otherwise.Type.Element, then), otherwise);

    /// <summary>The value as another element type; itself where it has that type.</summary>
    public Value As(Value a, ElementType element) => a.Type.Element == element ? a : Emit(new Cast(element), a);

    /// <summary>The type that sums are accumulated in.</summary>
    public static ElementType Wide(ElementType element) =>
        element is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : element;

    /// <summary>The reduction with its axes kept as 1; the value itself for no axes.</summary>
    public Value Reduced(ReduceKind kind, Value a, params IEnumerable<int> axes)
    {
        var list = axes.Order().ToValueList();
        return list.Count == 0 ? a : Emit(new Reduce(kind, list), a);
    }

    public Value Sum(Value a, params IEnumerable<int> axes) => Reduced(ReduceKind.Sum, a, axes);

    /// <summary>The sum of all elements, a scalar.</summary>
    public Value Total(Value a) => Shaped(Sum(a, Enumerable.Range(0, a.Type.Rank)), []);

    /// <summary>The value under another shape; itself where it has that shape.</summary>
    public Value Shaped(Value a, Shape shape) => a.Type.Shape == shape ? a : Emit(new Reshape(shape), a);

    /// <summary>The value repeated to a shape that it broadcasts to; itself where it has that shape.</summary>
    public Value Repeated(Value a, Shape shape) => a.Type.Shape == shape ? a : Emit(new Broadcast(shape), a);

    /// <summary>The value with its axes reordered; itself where they stay.</summary>
    public Value Permuted(Value a, params IEnumerable<int> permutation)
    {
        var list = permutation.ToValueList();
        return list.SequenceEqual(Enumerable.Range(0, list.Count)) ? a : Emit(new Transpose(list), a);
    }

    /// <summary>The value with its last two axes exchanged.</summary>
    public Value Transposed(Value a)
    {
        var rank = a.Type.Rank;
        return Permuted(a, [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
    }

    /// <summary>Elements <c>start .. start + size</c> of an axis.</summary>
    public Value Sliced(Value a, int axis, Dim start, Dim size)
    {
        var shape = a.Type.Shape;
        if (start.Is(0) && AreEqual(size, shape[axis]))
        {
            return a;
        }

        var starts = Enumerable.Range(0, shape.Rank).Select(i => i == axis ? start : Dims.Zero).ToValueList();
        return Emit(new Slice(starts, Enumerable.Repeat(Dims.One, shape.Rank).ToValueList(), shape.With(axis, size)), a);
    }

    /// <summary>The elements of some axes back to front.</summary>
    public Value Reversed(Value a, params ReadOnlySpan<int> axes)
    {
        var (shape, starts, steps) = (a.Type.Shape, new Dim[a.Type.Rank], new Dim[a.Type.Rank]);
        Array.Fill(starts, Dims.Zero);
        Array.Fill(steps, Dims.One);
        foreach (var axis in axes)
        {
            if (!shape[axis].Is(1))
            {
                (starts[axis], steps[axis]) = (shape[axis] - 1, Dims.Const(-1));
            }
        }

        return steps.All(s => s.Is(1)) ? a : Emit(new Slice([.. starts], [.. steps], shape), a);
    }

    /// <summary>Adds zeros around some axes; negative counts remove elements. The value itself where all counts are 0.</summary>
    public Value Padded(Value a, IReadOnlyList<Dim> begins, IReadOnlyList<Dim> ends) => begins.All(d => d.Is(0)) && ends.All(d => d.Is(0))
        ? a : Emit(new Pad(PadMode.Constant, begins.ToValueList(), ends.ToValueList()), a);

    /// <summary>The positions 0, 1, ... along one axis, as i64, of a shape that is 1 elsewhere.</summary>
    public Value Positions(Dim extent, int axis, int rank) =>
        Emit(new Iota(ElementType.Int64, new Shape([.. Enumerable.Range(0, rank).Select(a => a == axis ? extent : Dims.One)]), axis));

    /// <summary>
    /// What <see cref="Gather"/> along an axis is undone by: a tensor whose <paramref name="axis"/> has <paramref name="extent"/> elements, each the sum
    /// of the slices of <paramref name="updates"/> whose index names it. The indices' axes stand in the updates where the axis will be.
    /// </summary>
    public Value Scattered(Value updates, int axis, Value indices, Dim extent)
    {
        var (element, shape, rank) = (updates.Type.Element, updates.Type.Shape, indices.Type.Rank);
        updates = As(updates, Wide(element));
        var rest = Enumerable.Range(0, axis).Concat(Enumerable.Range(axis + rank, shape.Rank - axis - rank)).ToArray();
        updates = Permuted(updates, [.. Enumerable.Range(axis, rank), .. rest]);
        var count = Dims.Product(indices.Type.Shape.Dims);
        Dim[] slice = [.. rest.Select(a => shape[a])];
        updates = Shaped(updates, [count, .. slice]);
        var places = Shaped(As(indices, ElementType.Int64), [count, Dims.One]);
        var empty = Filled(0, updates.Type.Element, [extent, .. slice]);
        var sums = Emit(new ScatterND(ScatterReduction.Add), empty, places, updates);
        return As(Permuted(sums, [.. Enumerable.Range(1, axis), 0, .. Enumerable.Range(axis + 1, slice.Length - axis)]), element);
    }

    /// <summary>
    /// The sum of a tensor over the axes along which a tensor of shape <paramref name="to"/> was repeated to its shape: the derivative of a broadcast.
    /// </summary>
    public Value ReducedTo(Value a, Shape to)
    {
        var lead = a.Type.Rank - to.Rank;
        var axes = Enumerable.Range(0, lead).ToList();
        var unclear = new HashSet<int>();
        for (var axis = 0; axis < to.Rank; axis++)
        {
            if (!AreEqual(a.Type.Shape[lead + axis], to[axis]))
            {
                if (Facts.Simplify(to[axis]).Is(1))
                {
                    axes.Add(lead + axis);
                }
                else
                {
                    unclear.Add(axis);
                }
            }
        }

        a = Sum(a, axes);
        if (unclear.Count == 0)
        {
            return Shaped(a, to);
        }

        // A dim that is 1 or the other's, which only the run knows: the axis splits into its repetitions and itself.
        var (split, repeated) = (new List<Dim>(), new List<int>());
        for (var axis = 0; axis < to.Rank; axis++)
        {
            if (unclear.Contains(axis))
            {
                repeated.Add(split.Count);
                split.Add(a.Type.Shape[lead + axis].FloorDiv(to[axis].Max(1)));
            }

            split.Add(to[axis]);
        }

        return Shaped(Sum(Shaped(a, new Shape([.. split])), repeated), to);
    }

    /// <summary>Whether two dims are proved equal.</summary>
    public bool AreEqual(Dim a, Dim b) => ReferenceEquals(a, b) || Facts.ProveEqual(a, b) == Proof.True;

    /// <summary>Whether two shapes are proved equal.</summary>
    public bool AreEqual(Shape a, Shape b) => a.Rank == b.Rank && a.Dims.Zip(b.Dims).All(pair => AreEqual(pair.First, pair.Second));
}
