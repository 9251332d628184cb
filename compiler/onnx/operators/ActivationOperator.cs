using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>Base of ONNX operators that apply a function to each element of their first input.</summary>
internal abstract class ActivationOperator : IOnnxOperator
{
    public abstract string Type { get; }

    /// <summary>True where f16 and bf16 are computed in f32, for steps that would leave their range or precision.</summary>
    protected virtual bool IsWide => false;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        node.SetOutput(0, IsWide ? node.InWide(x, wide => Apply(node, wide)) : Apply(node, x));
    }

    protected abstract Value Apply(OnnxNode node, Value x);
}
