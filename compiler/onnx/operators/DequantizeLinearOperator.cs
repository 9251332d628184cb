using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX DequantizeLinear: <c>(x - zero) * scale</c>, per tensor, axis or block.</summary>
internal sealed class DequantizeLinearOperator : IOnnxOperator
{
    public string Type => "DequantizeLinear";

    public void Import(OnnxNode node)
    {
        var (axis, blockSize) = (node.Int("axis", 1), node.Int("block_size", 0));
        var scale = node.Input(1);
        var type = node.Int("output_dtype", 0) != 0 ? node.Element("output_dtype") : scale.Type.Element;
        var x = node.Input(0);

        // i32 has more bits than f32; its zero point is 0 by ONNX's rule.
        var wide = x.Type.Element == ElementType.Int32 && node.HasInput(2) ? ElementType.Float64 : Arithmetic.Wide(scale.Type.Element);
        x = node.As(x, wide);
        Value Spread(Value parameter) => node.As(Quantization.Spread(node, parameter, x, axis, blockSize), wide);
        var shifted = node.OptionalInput(2) is { } zero && MatMulIntegerOperator.Zero(node, 2) is not null ? node.Minus(x, Spread(zero)) : x;
        node.SetOutput(0, node.As(node.Times(shifted, Spread(scale)), type));
    }
}
