using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX RoiAlign and MaxRoiPool of <c>[N, C, H, W]</c>.</summary>
internal sealed class RoiOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        if (type == "MaxRoiPool")
        {
            var cells = node.Ints("pooled_shape");
            node.SetOutput(0, node.Emit(new MaxRoiPool(cells[0], cells[1], node.Float("spatial_scale", 1)), node.Input(0), node.Input(1)));
            return;
        }

        var isHalfPixel = node.Opset >= 16 && node.String("coordinate_transformation_mode", "half_pixel") == "half_pixel";
        var op = new RoiAlign(node.Int("output_height", 1), node.Int("output_width", 1), node.Int("sampling_ratio", 0),
            node.Float("spatial_scale", 1), node.String("mode", "avg") == "max", isHalfPixel);
        node.SetOutput(0, node.Emit(op, node.Input(0), node.Input(1), node.As(node.Input(2), ElementType.Int64)));
    }
}
