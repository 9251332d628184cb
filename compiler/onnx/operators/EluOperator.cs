using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Elu: <c>x</c>, or <c>alpha * (e^x - 1)</c> where negative.</summary>
internal sealed class EluOperator : ActivationOperator
{
    public override string Type => "Elu";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x)
    {
        var below = node.Times(node.Plus(node.Exponential(x), -1), node.Float("alpha", 1));
        return node.Choose(node.IsLess(x, 0), below, x);
    }
}
