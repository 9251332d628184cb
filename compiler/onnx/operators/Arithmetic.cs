using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>Emits common IR operators in fewer words; what decompositions are written in. Scalars take the type of the other operand.</summary>
internal static class Arithmetic
{
    public static Value Plus(this OnnxNode node, Value a, Value b) => node.Emit(new Add(), a, b);

    public static Value Plus(this OnnxNode node, Value a, double b) => b == 0 ? a : node.Emit(new Add(), a, node.Scalar(a.Type.Element, b));

    public static Value Minus(this OnnxNode node, Value a, Value b) => node.Emit(new Sub(), a, b);

    public static Value Minus(this OnnxNode node, double a, Value b) => node.Emit(new Sub(), node.Scalar(b.Type.Element, a), b);

    public static Value Times(this OnnxNode node, Value a, Value b) => node.Emit(new Mul(), a, b);

    public static Value Times(this OnnxNode node, Value a, double b) => b == 1 ? a : node.Emit(new Mul(), a, node.Scalar(a.Type.Element, b));

    public static Value Over(this OnnxNode node, Value a, Value b) => node.Emit(new Div(), a, b);

    public static Value Over(this OnnxNode node, Value a, double b) => node.Emit(new Div(), a, node.Scalar(a.Type.Element, b));

    public static Value Over(this OnnxNode node, double a, Value b) => node.Emit(new Div(), node.Scalar(b.Type.Element, a), b);

    public static Value Largest(this OnnxNode node, Value a, Value b) => node.Emit(new Max(), a, b);

    public static Value Largest(this OnnxNode node, Value a, double b) => node.Emit(new Max(), a, node.Scalar(a.Type.Element, b));

    public static Value Smallest(this OnnxNode node, Value a, Value b) => node.Emit(new Min(), a, b);

    public static Value Smallest(this OnnxNode node, Value a, double b) => node.Emit(new Min(), a, node.Scalar(a.Type.Element, b));

    public static Value Negative(this OnnxNode node, Value a) => node.Emit(new Neg(), a);

    public static Value Exponential(this OnnxNode node, Value a) => node.Emit(new Exp(), a);

    public static Value Logarithm(this OnnxNode node, Value a) => node.Emit(new Log(), a);

    public static Value Root(this OnnxNode node, Value a) => node.Emit(new Sqrt(), a);

    public static Value Square(this OnnxNode node, Value a) => node.Emit(new Mul(), a, a);

    public static Value IsLess(this OnnxNode node, Value a, Value b) => node.Emit(new Less(), a, b);

    public static Value IsLess(this OnnxNode node, Value a, double b) => node.Emit(new Less(), a, node.Scalar(a.Type.Element, b));

    public static Value IsLess(this OnnxNode node, double a, Value b) => node.Emit(new Less(), node.Scalar(b.Type.Element, a), b);

    public static Value IsEqual(this OnnxNode node, Value a, Value b) => node.Emit(new Equal(), a, b);

    public static Value IsEqual(this OnnxNode node, Value a, double b) => node.Emit(new Equal(), a, node.Scalar(a.Type.Element, b));

    /// <summary>The first where the condition holds, else the second.</summary>
    public static Value Choose(this OnnxNode node, Value condition, Value then, Value otherwise) =>
        node.Emit(new Where(), condition, then, otherwise);

    public static Value Choose(this OnnxNode node, Value condition, Value then, double otherwise) =>
        node.Emit(new Where(), condition, then, node.Scalar(then.Type.Element, otherwise));

    public static Value Choose(this OnnxNode node, Value condition, double then, Value otherwise) =>
        node.Emit(new Where(), condition, node.Scalar(otherwise.Type.Element, then), otherwise);

    /// <summary>The value as another type; itself where it has that type.</summary>
    public static Value As(this OnnxNode node, Value a, ElementType type) => a.Type.Element == type ? a : node.Emit(new Cast(type), a);

    /// <summary>f16 and bf16 as f32, integers too; f32 and f64 as they are: the type that sensitive functions are computed in.</summary>
    public static Value Widened(this OnnxNode node, Value a) => node.As(a, Wide(a.Type.Element));

    /// <summary>The type of <see cref="Widened"/>.</summary>
    public static ElementType Wide(ElementType type) => type == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;

    /// <summary>A dim as a scalar of a type.</summary>
    public static Value Number(this OnnxNode node, Dim dim, ElementType type) =>
        dim.IsConstant ? node.Scalar(type, dim.Constant) : node.As(node.Scalar(dim), type);

    /// <summary>The reduction with its axes kept as 1.</summary>
    public static Value Reduced(this OnnxNode node, ReduceKind kind, Value a, params IEnumerable<int> axes)
    {
        var list = axes.Order().ToValueList();
        return list.Count == 0 ? a : node.Emit(new Reduce(kind, list), a);
    }

    public static Value Sum(this OnnxNode node, Value a, params IEnumerable<int> axes) => node.Reduced(ReduceKind.Sum, a, axes);

    /// <summary>The mean with its axes kept as 1.</summary>
    public static Value Mean(this OnnxNode node, Value a, params IEnumerable<int> axes)
    {
        var list = axes.ToArray();
        var count = node.Dims.Product(list.Select(axis => a.Type.Shape[axis]));
        return node.Over(node.Sum(a, list), node.Number(count, a.Type.Element));
    }

    /// <summary>The value under another shape; itself where it has that shape.</summary>
    public static Value Shaped(this OnnxNode node, Value a, Shape shape) => a.Type.Shape == shape ? a : node.Emit(new Reshape(shape), a);

    /// <summary>The value without some axes of extent 1.</summary>
    public static Value Squeezed(this OnnxNode node, Value a, params IEnumerable<int> axes)
    {
        var removed = axes.ToHashSet();
        return node.Shaped(a, new Shape([.. a.Type.Shape.Dims.Where((_, axis) => !removed.Contains(axis))]));
    }

    /// <summary>The value with new axes of extent 1, which are numbered as in the result.</summary>
    public static Value Unsqueezed(this OnnxNode node, Value a, params IEnumerable<int> axes)
    {
        var added = axes.ToHashSet();
        if (added.Any(axis => axis < 0 || axis >= a.Type.Rank + added.Count))
        {
            throw node.Error($"cannot add axes {string.Join(", ", added)} to {a.Type}");
        }

        var rest = new Queue<Dim>(a.Type.Shape.Dims);
        return node.Shaped(a, new Shape([.. Enumerable.Range(0, a.Type.Rank + added.Count)
            .Select(axis => added.Contains(axis) ? node.Dims.One : rest.Dequeue())]));
    }

    /// <summary>The value with its axes reordered; itself where they stay.</summary>
    public static Value Permuted(this OnnxNode node, Value a, params IEnumerable<int> permutation)
    {
        var list = permutation.ToValueList();
        return list.SequenceEqual(Enumerable.Range(0, list.Count)) ? a : node.Emit(new Transpose(list), a);
    }

    /// <summary>The value with its last two axes exchanged.</summary>
    public static Value Transposed(this OnnxNode node, Value a)
    {
        var rank = a.Type.Rank;
        return node.Permuted(a, [.. Enumerable.Range(0, rank - 2), rank - 1, rank - 2]);
    }

    /// <summary>A vector <c>[C]</c> as <c>[C, 1, ...]</c>, so that it broadcasts along axis <paramref name="axis"/> of a tensor of a rank.</summary>
    public static Value Along(this OnnxNode node, Value vector, int axis, int rank) => vector.Type.Rank == 1
        ? node.Unsqueezed(vector, Enumerable.Range(1, rank - axis - 1)) : throw node.Error($"expects a list of numbers along an axis, found {vector.Type}");

    /// <summary>Elements <c>start .. start + size</c> of an axis; the value itself where that is all of them.</summary>
    public static Value Sliced(this OnnxNode node, Value a, int axis, Dim start, Dim size)
    {
        var shape = a.Type.Shape;
        if (start.Is(0) && ReferenceEquals(node.Facts.Simplify(size), node.Facts.Simplify(shape[axis])))
        {
            return a;
        }

        var starts = Enumerable.Range(0, shape.Rank).Select(i => i == axis ? start : node.Dims.Zero).ToValueList();
        var steps = Enumerable.Repeat(node.Dims.One, shape.Rank).ToValueList();
        return node.Emit(new Slice(starts, steps, shape.With(axis, size)), a);
    }

    /// <summary>Tensors one after the other along an axis.</summary>
    public static Value Joined(this OnnxNode node, int axis, params ReadOnlySpan<Value> parts) =>
        parts.Length == 1 ? parts[0] : node.Emit(new Concat(axis), parts);

    /// <summary>A value repeated to a shape that it broadcasts to; itself where it has that shape.</summary>
    public static Value Repeated(this OnnxNode node, Value a, Shape shape) => a.Type.Shape == shape ? a : node.Emit(new Broadcast(shape), a);

    /// <summary>The product of matrices, summed in f32 or wider (integers: in their own type) and given in the operands' type.</summary>
    public static Value Multiplied(this OnnxNode node, Value a, Value b)
    {
        var type = a.Type.Element;
        var accumulator = type is ElementType.Float16 or ElementType.BFloat16 ? ElementType.Float32 : type;
        return node.As(node.Emit(new MatMul(accumulator), a, b), type);
    }

    /// <summary>
    /// A function computed in the type of <see cref="Widened"/> and given in the operand's own: for f16 and bf16, whose range or precision it would leave.
    /// </summary>
    public static Value InWide(this OnnxNode node, Value x, Func<Value, Value> function) =>
        node.As(function(node.Widened(x)), x.Type.Element);

    /// <summary>As <see cref="InWide"/>, but integers stay integers.</summary>
    public static Value InWideFloat(this OnnxNode node, Value x, Func<Value, Value> function) =>
        x.Type.Element.IsFloat() ? node.InWide(x, function) : function(x);
}
