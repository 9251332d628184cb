using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Celu: <c>max(0, x) + min(0, alpha * (e^(x / alpha) - 1))</c>.</summary>
internal sealed class CeluOperator : ActivationOperator
{
    public override string Type => "Celu";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x)
    {
        var alpha = node.Float("alpha", 1);
        var below = node.Times(node.Plus(node.Exponential(node.Over(x, alpha)), -1), alpha);
        return node.Plus(node.Largest(x, 0), node.Smallest(below, 0));
    }
}
