using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX PRelu: <c>x</c>, or <c>slope * x</c> where negative; the slope broadcasts to x, before opset 7 along the channels (axis 1).</summary>
internal sealed class PReluOperator : ActivationOperator
{
    public override string Type => "PRelu";

    protected override Value Apply(OnnxNode node, Value x)
    {
        var slope = node.Input(1);
        if (node.Opset < 7 && slope.Type.Rank == 1 && x.Type.Rank > 2)
        {
            slope = node.Emit(new Reshape([slope.Type.Shape[0], .. Enumerable.Repeat(node.Dims.One, x.Type.Rank - 2)]), slope);
        }

        return node.Choose(node.IsLess(x, 0), node.Times(x, slope), x);
    }
}
