using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Mish: <c>x * tanh(softplus(x))</c>.</summary>
internal sealed class MishOperator : ActivationOperator
{
    public override string Type => "Mish";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x) => node.Times(x, node.Emit(new Tanh(), SoftplusOperator.Of(node, x)));
}
