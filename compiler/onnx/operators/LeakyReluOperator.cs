using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX LeakyRelu: <c>x</c>, or <c>alpha * x</c> where negative.</summary>
internal sealed class LeakyReluOperator : ActivationOperator
{
    public override string Type => "LeakyRelu";

    protected override Value Apply(OnnxNode node, Value x) => node.Choose(node.IsLess(x, 0), node.Times(x, node.Scalar(x.Type.Element, node.Float("alpha", 0.01f))), x);
}
