using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX QLinearConv: a convolution of quantised tensors, quantised again. Inputs: x, its scale and zero point, w, the same (maybe per output
/// channel), the result's scale and zero point, and an i32 bias in units of the scales' product.
/// </summary>
internal sealed class QLinearConvOperator : IOnnxOperator
{
    public string Type => "QLinearConv";

    public void Import(OnnxNode node)
    {
        var sum = ConvIntegerOperator.Convolve(
            node, node.Input(0), node.Input(3), MatMulIntegerOperator.Zero(node, 2), MatMulIntegerOperator.Zero(node, 5));
        sum = ConvOperator.Biased(node, sum, node.OptionalInput(8));
        var scaleW = ConvIntegerOperator.PerChannel(node, node.Widened(node.Input(4)), 1, sum.Type.Rank);
        var scale = node.Times(node.Shaped(node.Widened(node.Input(1)), []), scaleW);
        var y = node.Times(node.As(sum, scale.Type.Element), scale);
        var scaleY = node.Shaped(node.Widened(node.Input(6)), []);
        node.SetOutput(0, Quantization.Quantize(node, y, scaleY, node.Shaped(node.Input(7), []), node.InputType(7).Element));
    }
}
