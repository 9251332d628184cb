using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceL1, ReduceL2, ReduceSumSquare, ReduceLogSum and ReduceLogSumExp. Axes are an
/// attribute in older operator sets and an input in newer ones; none means all, or with <c>noop_with_empty_axes</c> none.
/// </summary>
internal sealed class ReduceOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        if (node.HasInput(1) && node.Constant(1) is null && node.ElementCount(1) > 0)
        {
            var named = RuntimeAxes.Read(node, 1, x.Type.Rank);
            var steps = Steps(node, x.Type.Shape, named);
            Value Each(Value value, Func<Value, Value> reduce) => steps.Aggregate(value, (v, axis) => axis.Close(reduce(axis.Open(v))));
            Value Along(ReduceKind kind, Value value) => Each(value, v => node.Reduced(kind, v, 1));

            // The maximum that shifts the exponents stays inside one step: nothing has to broadcast back over axes that are not known.
            var reduced = type == "ReduceLogSumExp"
                ? node.InWide(x, wide => Each(wide, v => LogSumExp(node, v, (kind, value) => node.Reduced(kind, value, 1))))
                : Transformed(node, x, Along,
                wide => Along(ReduceKind.Sum, node.Repeated(node.Scalar(wide.Type.Element, 1), wide.Type.Shape)));
            node.SetOutput(0, node.Flag("keepdims", true) ? reduced : node.Shaped(reduced, RuntimeAxes.Without(node, x.Type.Shape, named)));
            return;
        }

        var given = node.HasInput(1) && node.Constant(1) is null ? [] : node.ConstantLongs("axes", 1);
        var axes = given is { Length: > 0 } ? node.Axes(given, x.Type.Rank)
            : node.Flag("noop_with_empty_axes") ? [] : [.. Enumerable.Range(0, x.Type.Rank)];
        var result = Transformed(node, x, (kind, value) => node.Reduced(kind, value, axes),
            wide => node.Number(node.Dims.Product(axes.Select(axis => wide.Type.Shape[axis])), wide.Type.Element));
        node.SetOutput(0, node.Flag("keepdims", true) ? result : node.Squeezed(result, axes));
    }

    /// <summary>What goes before and after the reductions of each operator.</summary>
    private Value Transformed(OnnxNode node, Value x, Func<ReduceKind, Value, Value> reduce, Func<Value, Value> count)
    {
        var isBool = x.Type.Element == ElementType.Bool;
        Value Sum(Value value) => reduce(ReduceKind.Sum, value);
        switch (type)
        {
            case "ReduceSum":
                return Sum(x);
            case "ReduceMean":
                return node.InWideFloat(x, wide => node.Over(Sum(wide), count(wide)));
            case "ReduceProd":
                return reduce(ReduceKind.Prod, x);
            case "ReduceMax":
                return reduce(isBool ? ReduceKind.Or : ReduceKind.Max, x);
            case "ReduceMin":
                return reduce(isBool ? ReduceKind.And : ReduceKind.Min, x);
            case "ReduceL1":
                return Sum(x.Type.Element.IsUnsigned() ? x : node.Emit(new Abs(), x));
            case "ReduceL2":
                return node.InWide(x, wide => node.Root(Sum(node.Square(wide))));
            case "ReduceSumSquare":
                return node.InWideFloat(x, wide => Sum(node.Square(wide)));
            case "ReduceLogSum":
                return node.InWide(x, wide => node.Logarithm(Sum(wide)));
            case "ReduceLogSumExp":
                return node.InWide(x, wide => LogSumExp(node, wide, reduce));
            default:
                throw new InvalidOperationException($"no operator {type}");
        }
    }

    /// <summary>The axes of a list that only the run knows, each on the shape that the ones before leave.</summary>
    private static List<RuntimeAxis> Steps(OnnxNode node, Shape shape, Value axes)
    {
        var steps = new List<RuntimeAxis>();
        for (var i = 0; i < (int)axes.Type.Shape[0].Constant; i++)
        {
            var axis = new RuntimeAxis(node, RuntimeAxes.At(node, axes, i), shape, shape.Rank);
            steps.Add(axis);
            shape = axis.With(node.Dims.One);
        }

        return steps;
    }

    private static Value LogSumExp(OnnxNode node, Value x, Func<ReduceKind, Value, Value> reduce)
    {
        // An infinite maximum (also that of nothing) is no shift: inf - inf would be NaN.
        var greatest = reduce(ReduceKind.Max, x);
        var shift = node.Choose(node.Emit(new IsInf(), greatest), 0, greatest);
        return node.Plus(node.Logarithm(reduce(ReduceKind.Sum, node.Exponential(node.Minus(x, shift)))), shift);
    }
}
