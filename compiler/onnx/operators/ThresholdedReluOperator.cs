using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ThresholdedRelu: <c>x</c> where it is greater than alpha, else 0.</summary>
internal sealed class ThresholdedReluOperator : ActivationOperator
{
    public override string Type => "ThresholdedRelu";

    protected override Value Apply(OnnxNode node, Value x) => node.Choose(node.IsLess(node.Float("alpha", 1), x), x, 0);
}
