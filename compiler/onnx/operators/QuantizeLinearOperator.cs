using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX QuantizeLinear to 8 and 16 bits: <c>saturate(round(x / scale) + zero)</c>, per tensor, axis or block.</summary>
internal sealed class QuantizeLinearOperator : IOnnxOperator
{
    public string Type => "QuantizeLinear";

    public void Import(OnnxNode node)
    {
        var (axis, blockSize) = (node.Int("axis", 1), node.Int("block_size", 0));
        var type = node.HasInput(2) ? node.InputType(2).Element
            : node.Int("output_dtype", 0) != 0 ? node.Element("output_dtype") : ElementType.UInt8;
        var x = node.Widened(node.Input(0));
        Value Spread(int input) => node.As(Quantization.Spread(node, node.Input(input), x, axis, blockSize), x.Type.Element);
        node.SetOutput(0, Quantization.Quantize(node, x, Spread(1), node.HasInput(2) ? Spread(2) : null, type));
    }
}
