using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX PRelu: <c>x</c>, or <c>slope * x</c> where negative; the slope broadcasts to x.</summary>
internal sealed class PReluOperator : ActivationOperator
{
    public override string Type => "PRelu";

    protected override Value Apply(OnnxNode node, Value x) => node.Choose(node.IsLess(x, 0), node.Times(x, node.Input(1)), x);
}
