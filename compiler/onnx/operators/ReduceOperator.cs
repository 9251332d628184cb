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
        var given = node.ConstantLongs("axes", 1);
        var axes = given is { Length: > 0 } ? node.Axes(given, x.Type.Rank)
            : node.Flag("noop_with_empty_axes") ? [] : [.. Enumerable.Range(0, x.Type.Rank)];
        var result = Reduce(node, x, axes);
        node.SetOutput(0, node.Flag("keepdims", true) ? result : node.Squeezed(result, axes));
    }

    private Value Reduce(OnnxNode node, Value x, int[] axes)
    {
        var isBool = x.Type.Element == ElementType.Bool;
        switch (type)
        {
            case "ReduceSum":
                return node.Sum(x, axes);
            case "ReduceMean":
                return node.InWideFloat(x, wide => node.Mean(wide, axes));
            case "ReduceProd":
                return node.Reduced(ReduceKind.Prod, x, axes);
            case "ReduceMax":
                return node.Reduced(isBool ? ReduceKind.Or : ReduceKind.Max, x, axes);
            case "ReduceMin":
                return node.Reduced(isBool ? ReduceKind.And : ReduceKind.Min, x, axes);
            case "ReduceL1":
                return node.Sum(x.Type.Element.IsUnsigned() ? x : node.Emit(new Abs(), x), axes);
            case "ReduceL2":
                return node.InWide(x, wide => node.Root(node.Sum(node.Square(wide), axes)));
            case "ReduceSumSquare":
                return node.InWideFloat(x, wide => node.Sum(node.Square(wide), axes));
            case "ReduceLogSum":
                return node.InWide(x, wide => node.Logarithm(node.Sum(wide, axes)));
            case "ReduceLogSumExp":
                return node.InWide(x, wide => LogSumExp(node, wide, axes));
            default:
                throw new InvalidOperationException($"no operator {type}");
        }
    }

    private static Value LogSumExp(OnnxNode node, Value x, int[] axes)
    {
        // An infinite maximum (also that of nothing) is no shift: inf - inf would be NaN.
        var greatest = node.Reduced(ReduceKind.Max, x, axes);
        var shift = node.Choose(node.Emit(new IsInf(), greatest), 0, greatest);
        return node.Plus(node.Logarithm(node.Sum(node.Exponential(node.Minus(x, shift)), axes)), shift);
    }
}
