using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Softplus: <c>log(1 + e^x)</c>, as <c>max(x, 0) + log(1 + e^-|x|)</c>, which does not overflow.</summary>
internal sealed class SoftplusOperator : ActivationOperator
{
    public override string Type => "Softplus";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x) => Of(node, x);

    /// <summary>The function, for whoever builds on it.</summary>
    public static Value Of(OnnxNode node, Value x)
    {
        var decay = node.Exponential(node.Negative(node.Emit(new Abs(), x)));
        return node.Plus(node.Largest(x, 0), node.Logarithm(node.Plus(decay, 1)));
    }
}
