using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Clip: between a least and a greatest value, which are attributes before opset 11 and optional inputs since.</summary>
internal sealed class ClipOperator : ActivationOperator
{
    public override string Type => "Clip";

    protected override Value Apply(OnnxNode node, Value x)
    {
        var low = Bound(node, x, 1, "min");
        var high = Bound(node, x, 2, "max");
        var result = low is null ? x : node.Largest(x, low);
        return high is null ? result : node.Smallest(result, high);
    }

    private static Value? Bound(OnnxNode node, Value x, int input, string attribute)
    {
        if (node.Opset < 11)
        {
            return node.HasAttribute(attribute) ? node.Scalar(x.Type.Element, node.Float(attribute)) : null;
        }

        // Exporters write bounds of shape [1] too.
        return node.OptionalInput(input) is not { } bound ? null : node.Shaped(bound, []);
    }
}
