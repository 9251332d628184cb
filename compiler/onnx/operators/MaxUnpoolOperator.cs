using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX MaxUnpool: puts elements back to where MaxPool found them (positions in the whole tensor), zeros elsewhere. A given output shape
/// puts that tensor into the corner of a larger one of zeros.
/// </summary>
internal sealed class MaxUnpoolOperator : IOnnxOperator
{
    public string Type => "MaxUnpool";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var kernel = node.Ints("kernel_shape");
        var rank = kernel.Length;
        if (x.Type.Rank != rank + 2)
        {
            throw node.Error($"expects [N, C] and {rank} spatial axes, found {x.Type}");
        }

        var (strides, pads) = (Spatial.List(node, "strides", rank, 1), Spatial.List(node, "pads", 2 * rank, 0));
        var shape = x.Type.Shape;
        for (var axis = 0; axis < rank; axis++)
        {
            shape = shape.With(axis + 2, ((x.Type.Shape[axis + 2] - 1) * strides[axis]) + kernel[axis] - pads[axis] - pads[axis + rank]);
        }

        Shape all = [shape.ElementCount(node.Dims)], given = [x.Type.Shape.ElementCount(node.Dims)];
        var zeros = node.Repeated(node.Scalar(x.Type.Element, 0), all);
        var places = node.As(node.Shaped(node.Input(1), given), ElementType.Int64);
        var y = node.Shaped(node.Emit(new ScatterElements(0, ScatterReduction.None), zeros, places, node.Shaped(x, given)), shape);
        if (node.HasInput(2))
        {
            node.RequireEqual(node.InputType(2).Shape.ElementCount(node.Dims), node.Dims.Const(rank + 2), "numbers of the output shape");
            var sizes = node.Sizes(2);
            ValueList<Dim> ends = [.. sizes.Select((size, axis) => size - shape[axis])];
            y = node.Emit(new Pad(PadMode.Constant, [.. Enumerable.Repeat(node.Dims.Zero, rank + 2)], ends), y);
        }

        node.SetOutput(0, y);
    }
}
