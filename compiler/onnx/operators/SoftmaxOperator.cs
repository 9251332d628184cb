using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Softmax, LogSoftmax and Hardmax along an axis; before opset 13 along that axis and all after it as one. Computed in f32 or wider.
/// </summary>
internal sealed class SoftmaxOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var axis = node.Axis(node.Int("axis", node.Opset < 13 ? 1 : -1), Math.Max(x.Type.Rank, 1));
        int[] axes = x.Type.Rank == 0 ? [] : node.Opset < 13 ? [.. Enumerable.Range(axis, x.Type.Rank - axis)] : [axis];
        node.SetOutput(0, type switch
        {
            "Softmax" => node.InWide(x, wide => Softmax(node, wide, axes)),
            "LogSoftmax" => node.InWide(x, wide => LogSoftmax(node, wide, axes)),
            "Hardmax" => Hardmax(node, x, axes),
            _ => throw new InvalidOperationException($"no operator {type}"),
        });
    }

    /// <summary><c>e^x / sum(e^x)</c> over axes, without overflow.</summary>
    public static Value Softmax(OnnxNode node, Value x, params int[] axes)
    {
        var exp = node.Exponential(node.Minus(x, node.Reduced(ReduceKind.Max, x, axes)));
        return node.Over(exp, node.Sum(exp, axes));
    }

    /// <summary>The logarithm of the softmax, without overflow.</summary>
    public static Value LogSoftmax(OnnxNode node, Value x, params int[] axes)
    {
        var shifted = node.Minus(x, node.Reduced(ReduceKind.Max, x, axes));
        return node.Minus(shifted, node.Logarithm(node.Sum(node.Exponential(shifted), axes)));
    }

    /// <summary>1 at the first of the greatest elements, 0 elsewhere.</summary>
    private static Value Hardmax(OnnxNode node, Value x, int[] axes)
    {
        if (axes.Length == 0)
        {
            return node.Scalar(x.Type.Element, 1);
        }

        // Several axes count as one: positions run over them in row-major order.
        var shape = x.Type.Shape;
        var flat = axes.Length == 1 ? x : node.Shaped(x, new Shape(
            [.. shape.Dims[..axes[0]], node.Dims.Product(axes.Select(axis => shape[axis]))]));
        var (axis, rank) = (axes[0], flat.Type.Rank);
        var extent = flat.Type.Shape[axis];
        var position = node.Along(node.Emit(new Iota(ElementType.Int64, [extent], 0)), axis, rank);
        var isGreatest = node.IsEqual(flat, node.Reduced(ReduceKind.Max, flat, axis));
        var first = node.Reduced(ReduceKind.Min, node.Choose(isGreatest, position, node.Scalar(extent)), axis);
        return node.Shaped(node.As(node.IsEqual(position, first), x.Type.Element), shape);
    }
}
