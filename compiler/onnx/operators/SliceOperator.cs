using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Slice: starts, ends and axes are attributes before opset 10, inputs since, then with steps. Numbers beyond the axis are clamped to it;
/// numbers that are only known at run time are clamped there.
/// </summary>
internal sealed class SliceOperator : IOnnxOperator
{
    public string Type => "Slice";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var isAttribute = node.Opset < 10;
        var count = isAttribute ? node.Ints("starts").Length : node.ElementCount(1);
        var given = isAttribute ? node.IntsOrNull("axes") : node.HasInput(3) ? node.ConstantLongs(3) : null;
        var axes = node.Axes(given ?? [.. Enumerable.Range(0, count).Select(i => (long)i)], shape.Rank);
        var steps = !isAttribute && node.HasInput(4) ? node.ConstantLongs(4) : [.. Enumerable.Repeat(1L, count)];
        if (axes.Length != count || steps.Length != count || steps.Contains(0))
        {
            throw node.Error($"expects {count} axes and steps other than 0, found axes [{string.Join(", ", axes)}], steps [{string.Join(", ", steps)}]");
        }

        var starts = Enumerable.Repeat(node.Dims.Zero, shape.Rank).ToArray();
        var strides = Enumerable.Repeat(node.Dims.One, shape.Rank).ToArray();
        var sizes = shape.Dims.ToArray();
        for (var i = 0; i < count; i++)
        {
            var axis = axes[i];
            strides[axis] = node.Dims.Const(steps[i]);
            var (start, end) = isAttribute
                ? (node.Dims.Const(node.Ints("starts")[i]), node.Dims.Const(node.Ints("ends")[i]))
                : (Known(node, 1, i), Known(node, 2, i));
            (starts[axis], sizes[axis]) = start is not null && end is not null
                ? Range(node, start, end, steps[i], shape[axis])
                : Compute(node, i, steps[i], shape[axis]);
        }

        if (sizes.AsSpan().SequenceEqual(shape.Dims.AsSpan()) && starts.All(s => s.Is(0)) && steps.All(s => s == 1))
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        node.SetOutput(0, node.Emit(new Slice([.. starts], [.. strides], new Shape([.. sizes])), node.Input(0)));
    }

    /// <summary>Start and number of elements of ONNX's <c>start:end:step</c> on an axis, where the ends are known as dims.</summary>
    public static (Dim Start, Dim Size) Range(OnnxNode node, Dim start, Dim end, long step, Dim extent)
    {
        var (low, high) = step > 0 ? (node.Dims.Zero, extent) : (node.Dims.Const(-1), extent - 1);
        var first = Clamp(node, FromFront(node, start, extent), step > 0 ? low : node.Dims.Zero, high);
        var last = Clamp(node, FromFront(node, end, extent), low, high);
        var span = step > 0 ? last - first : first - last;
        var size = node.Facts.Simplify(span).CeilDiv(Math.Abs(step));
        return (first, Greater(node, size, node.Dims.Zero));
    }

    private static Dim? Known(OnnxNode node, int input, int i) => node.Contents(input)?.Elements[i].Dim;

    /// <summary>A negative number counts from the end. One whose sign is not known is taken to count from the front.</summary>
    private static Dim FromFront(OnnxNode node, Dim index, Dim extent)
    {
        index = node.Facts.Simplify(index);
        if (node.Facts.ProveLess(index, 0) == Proof.True)
        {
            // Far below any axis: an end of "before the first", where adding the extent would only hide that.
            return index.IsConstant && index.Constant <= -int.MaxValue ? node.Dims.Const(-1) : index + extent;
        }

        if (index.IsConstant && index.Constant >= int.MaxValue)
        {
            return extent;
        }

        node.Require(node.Dims.Zero, Relation.LessOrEqual, index, "a computed end of a slice counts from the front");
        return index;
    }

    private static Dim Clamp(OnnxNode node, Dim index, Dim low, Dim high)
    {
        var below = node.Facts.ProveLessOrEqual(index, high) == Proof.True ? index
            : node.Facts.ProveLessOrEqual(high, index) == Proof.True ? high
            : index.Min(high);
        return Greater(node, below, low);
    }

    private static Dim Greater(OnnxNode node, Dim a, Dim b) =>
        node.Facts.ProveLessOrEqual(b, a) == Proof.True ? a : node.Facts.ProveLessOrEqual(a, b) == Proof.True ? b : a.Max(b);

    /// <summary>The same in data: both numbers are clamped there and become fresh symbols.</summary>
    private static (Dim Start, Dim Size) Compute(OnnxNode node, int i, long step, Dim extent)
    {
        var (length, zero) = (node.Scalar(extent), node.Scalar(node.Dims.Zero));
        Value Bounded(int input, Value low, Value high)
        {
            var index = node.Argument(input).ElementAt(i);
            var front = node.Choose(node.IsLess(index, zero), node.Plus(index, length), index);
            return node.Smallest(node.Largest(front, low), high);
        }

        var lastIndex = node.Scalar(extent - 1);
        var first = step > 0 ? Bounded(1, zero, length) : Bounded(1, zero, lastIndex);
        var last = step > 0 ? Bounded(2, zero, length) : Bounded(2, node.Scalar(node.Dims.Const(-1)), lastIndex);
        var span = step > 0 ? node.Minus(last, first) : node.Minus(first, last);
        var size = node.Emit(new Div(), node.Plus(node.Largest(span, 0), Math.Abs(step) - 1), node.Scalar(node.Dims.Const(Math.Abs(step))));
        var start = node.Bind(node.Largest(first, 0), "start");
        var bound = node.Bind(size, "size");
        node.Facts.AssumeRange(extent - start, 0, long.MaxValue, "a slice starts inside its axis");
        node.Facts.AssumeRange(extent - bound, 0, long.MaxValue, "a slice is no longer than its axis");
        return (start, bound);
    }
}
