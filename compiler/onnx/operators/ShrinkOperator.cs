using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Shrink: <c>x + bias</c> below <c>-lambd</c>, <c>x - bias</c> above <c>lambd</c>, else 0.</summary>
internal sealed class ShrinkOperator : ActivationOperator
{
    public override string Type => "Shrink";

    protected override Value Apply(OnnxNode node, Value x)
    {
        var (bias, lambda) = (node.Float("bias", 0), node.Float("lambd", 0.5f));
        var above = node.Choose(node.IsLess(lambda, x), node.Plus(x, -bias), 0);
        return node.Choose(node.IsLess(x, -lambda), node.Plus(x, bias), above);
    }
}
