using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX DeformConv in two dimensions: the moved taps as columns, then a product with the weights. Inputs: <c>x [N, C, H, W]</c>,
/// <c>w [M, C/group, kH, kW]</c>, offsets, an optional bias <c>[M]</c> and an optional mask.
/// </summary>
internal sealed class DeformConvOperator : IOnnxOperator
{
    public string Type => "DeformConv";

    public void Import(OnnxNode node)
    {
        var (x, w, offset) = (node.Input(0), node.Input(1), node.Input(2));
        var kernel = w.Type.Shape.Dims[2..].Select(node.Facts.Simplify).ToArray();
        if (x.Type.Rank != 4 || kernel.Length != 2 || kernel.Any(k => !k.IsConstant))
        {
            throw node.Unsupported($"input {x.Type} and weights {w.Type}; two spatial axes and a known kernel are");
        }

        if (offset.Type.Rank != 4)
        {
            throw node.Error($"expects offsets [N, C, H, W], found {offset.Type}");
        }

        var spatial = Spatial.Read(node, x.Type.Shape, kernel);
        for (var axis = 0; axis < 2; axis++)
        {
            var room = x.Type.Shape[axis + 2] + spatial.PadsBegin[axis] + spatial.PadsEnd[axis] - ((kernel[axis] - 1) * spatial.Dilations[axis]) - 1;
            node.RequireEqual(offset.Type.Shape[axis + 2], room.FloorDiv(spatial.Strides[axis]) + 1, "places of the offsets");
        }

        var columns = node.Emit(new DeformedColumns([.. kernel.Select(k => k.Constant)], spatial.Strides, spatial.Dilations, spatial.PadsBegin,
            node.Int("offset_group", 1), node.HasInput(4)), node.HasInput(4) ? [x, offset, node.Input(4)] : [x, offset]);
        var groups = node.Dims.Const(node.Int("group", 1));
        var (m, inner) = (w.Type.Shape[0], w.Type.Shape[1] * kernel[0] * kernel[1]);
        var (height, width) = (offset.Type.Shape[2], offset.Type.Shape[3]);
        Dim n = x.Type.Shape[0], perGroup = m.FloorDiv(groups);
        var y = node.Multiplied(node.Shaped(w, [groups, perGroup, inner]), node.Shaped(columns, [n, groups, inner, height * width]));
        node.SetOutput(0, ConvOperator.Biased(node, node.Shaped(y, [n, m, height, width]), node.OptionalInput(3)));
    }
}
