using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX DynamicQuantizeLinear: to u8 with the scale and zero point that just hold all elements and 0; both are outputs.</summary>
internal sealed class DynamicQuantizeLinearOperator : IOnnxOperator
{
    public string Type => "DynamicQuantizeLinear";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var all = Enumerable.Range(0, x.Type.Rank).ToArray();
        Value Extreme(ReduceKind kind) => node.Shaped(node.Reduced(kind, x, all), []);
        var least = node.Smallest(Extreme(ReduceKind.Min), 0);
        var range = node.Minus(node.Largest(Extreme(ReduceKind.Max), 0), least);

        // Where all is 0 any scale is right; 1 avoids 0/0.
        var scale = node.Over(range, 255);
        var divisor = node.Choose(node.IsEqual(scale, 0), 1, scale);
        var zero = node.As(node.Emit(new Round(), node.Negative(node.Over(least, divisor))), ElementType.UInt8);
        node.SetOutput(0, Quantization.Quantize(node, x, divisor, zero, ElementType.UInt8));
        node.SetOutput(1, scale);
        node.SetOutput(2, zero);
    }
}
