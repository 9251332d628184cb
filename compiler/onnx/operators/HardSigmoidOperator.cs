using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX HardSigmoid: <c>max(0, min(1, alpha * x + beta))</c>.</summary>
internal sealed class HardSigmoidOperator : ActivationOperator
{
    public override string Type => "HardSigmoid";

    protected override Value Apply(OnnxNode node, Value x)
    {
        var line = node.Plus(node.Times(x, node.Float("alpha", 0.2f)), node.Float("beta", 0.5f));
        return node.Largest(node.Smallest(line, 1), 0);
    }
}
