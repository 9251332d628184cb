using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX OneHot: a new axis of extent <c>depth</c> that holds the on value at the index and the off value elsewhere. Negative indices count from
/// the end; those outside have no on value.
/// </summary>
internal sealed class OneHotOperator : IOnnxOperator
{
    public string Type => "OneHot";

    public void Import(OnnxNode node)
    {
        var indices = node.As(node.Input(0), ElementType.Int64);
        var depth = Depth(node);
        var rank = indices.Type.Rank + 1;
        var axis = node.Axis(node.Int("axis", -1), rank);
        var index = node.Choose(node.IsLess(indices, 0), node.Plus(indices, node.Scalar(depth)), indices);
        var position = node.Along(node.Emit(new Iota(ElementType.Int64, [depth], 0)), axis, rank);
        var isOn = node.IsEqual(node.Unsqueezed(index, axis), position);
        var values = node.Input(2);
        if (values.Type.Rank != 1)
        {
            throw node.Error($"expects the two values as a list, found {values.Type}");
        }

        Value Of(int i) => node.Shaped(node.Sliced(values, 0, node.Dims.Const(i), node.Dims.One), []);
        node.SetOutput(0, node.Choose(isOn, Of(1), Of(0)));
    }

    /// <summary>The depth may be a float that holds an integer.</summary>
    private static IR.Symbolic.Dim Depth(OnnxNode node) =>
        node.InputType(1).Element.IsFloat()
            ? node.Constant(1) is { Count: 1 } constant ? node.Dims.Const(constant.GetLong(0)) : node.Bind(node.Argument(1).ElementAt(0), "depth")
            : node.Size(1);
}
