using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Selu: <c>gamma * x</c>, or <c>gamma * alpha * (e^x - 1)</c> where not positive.</summary>
internal sealed class SeluOperator : ActivationOperator
{
    public override string Type => "Selu";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x)
    {
        var (alpha, gamma) = (node.Float("alpha", 1.67326319217681884765625f), node.Float("gamma", 1.05070102214813232421875f));
        var below = node.Times(node.Plus(node.Exponential(x), -1), (double)alpha * gamma);
        return node.Choose(node.IsLess(0, x), node.Times(x, gamma), below);
    }
}
