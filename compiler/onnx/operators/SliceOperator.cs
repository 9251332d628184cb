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
        if (!isAttribute && ((node.HasInput(3) && node.Constant(3) is null) || (node.HasInput(4) && node.Constant(4) is null)))
        {
            for (var input = 2; input < node.InputCount; input++)
            {
                if (node.HasInput(input) && node.ElementCount(input) != count)
                {
                    throw node.Error($"has {count} starts but {node.ElementCount(input)} numbers as input {input}");
                }
            }

            ImportOpen(node, shape, count);
            return;
        }

        var given = isAttribute ? node.IntsOrNull("axes") : node.HasInput(3) ? node.ConstantLongs(3) : null;
        var axes = node.Axes(given ?? [.. Enumerable.Range(0, count).Select(i => (long)i)], shape.Rank);
        var steps = !isAttribute && node.HasInput(4) ? node.ConstantLongs(4) : [.. Enumerable.Repeat(1L, count)];
        if (axes.Length != count || steps.Length != count || steps.Contains(0))
        {
            throw node.Error($"expects {count} axes and steps other than 0, found axes [{string.Join(", ", axes)}], steps [{string.Join(", ", steps)}]");
        }

        if (count != (isAttribute ? node.Ints("ends").Length : node.ElementCount(2)))
        {
            throw node.Error($"has {count} starts and another number of ends");
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
        var (from, until) = (FromFront(node, start, extent), FromFront(node, end, extent));
        var first = Clamp(node, from, step > 0 ? low : node.Dims.Zero, high);
        var last = Clamp(node, until, low, high);
        var span = step > 0 ? last - first : first - last;
        var size = node.Facts.Simplify(span).CeilDiv(Math.Abs(step));

        // Clamping keeps the order of the ends.
        var isOrdered = step > 0 && node.Facts.ProveLessOrEqual(from, until) == Proof.True;
        return (first, isOrdered ? size : Greater(node, size, node.Dims.Zero));
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
        var (start, end) = (node.Argument(1).ElementAt(i), node.Argument(2).ElementAt(i));
        return Compute(node, start, end, node.Scalar(node.Dims.Const(Math.Abs(step))), node.Emit(Tensor.Scalar(ElementType.Bool, step < 0 ? 1 : 0)), extent);
    }

    /// <summary>Start and size on an axis, from i64 scalars and a bool for a step backwards.</summary>
    private static (Dim Start, Dim Size) Compute(OnnxNode node, Value start, Value end, Value stride, Value isBackward, Dim extent)
    {
        var (length, zero) = (node.Scalar(extent), node.Scalar(node.Dims.Zero));
        var high = node.Choose(isBackward, node.Plus(length, -1), length);
        Value Bounded(Value index, Value low)
        {
            var front = node.Choose(node.IsLess(index, zero), node.Plus(index, length), index);
            return node.Smallest(node.Largest(front, low), high);
        }

        var first = Bounded(start, zero);
        var last = Bounded(end, node.Choose(isBackward, -1, zero));
        var span = node.Choose(isBackward, node.Minus(first, last), node.Minus(last, first));
        var size = node.Over(node.Plus(node.Largest(span, 0), node.Plus(stride, -1)), stride);
        var (startDim, sizeDim) = (node.Bind(node.Largest(first, 0), "start"), node.Bind(size, "size"));
        node.Facts.AssumeRange(extent - startDim, 0, long.MaxValue, "a slice starts inside its axis");
        node.Facts.AssumeRange(extent - sizeDim, 0, long.MaxValue, "a slice is no longer than its axis");
        return (startDim, sizeDim);
    }

    /// <summary>Axes and steps are data as well: each axis looks for itself in the list.</summary>
    private static void ImportOpen(OnnxNode node, Shape shape, int count)
    {
        var starts = new Dim[shape.Rank];
        var strides = new Dim[shape.Rank];
        var sizes = new Dim[shape.Rank];
        Value Element(int input, int i, long otherwise) =>
            node.HasInput(input) ? node.Argument(input).ElementAt(i) : node.Scalar(node.Dims.Const(otherwise));
        for (var axis = 0; axis < shape.Rank; axis++)
        {
            var (start, end, step) = (node.Scalar(node.Dims.Zero), node.Scalar(shape[axis]), node.Scalar(node.Dims.One));
            for (var i = 0; i < count; i++)
            {
                var named = Element(3, i, i);
                var isMeant = node.IsEqual(node.Choose(node.IsLess(named, 0), node.Plus(named, shape.Rank), named), axis);
                start = node.Choose(isMeant, Element(1, i, 0), start);
                end = node.Choose(isMeant, Element(2, i, 0), end);
                step = node.Choose(isMeant, Element(4, i, 1), step);
            }

            var isBackward = node.IsLess(step, 0);
            var stride = node.Emit(new Abs(), step);
            (starts[axis], sizes[axis]) = Compute(node, start, end, stride, isBackward, shape[axis]);
            var (length, sign) = (node.Bind(stride, "stride"), node.Bind(node.As(isBackward, ElementType.Int64), "backward"));
            strides[axis] = length * (1 - (2 * sign));
        }

        node.SetOutput(0, node.Emit(new Slice([.. starts], [.. strides], new Shape([.. sizes])), node.Input(0)));
    }
}
