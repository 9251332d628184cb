using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Softsign: <c>x / (1 + |x|)</c>.</summary>
internal sealed class SoftsignOperator : ActivationOperator
{
    public override string Type => "Softsign";

    protected override Value Apply(OnnxNode node, Value x) => node.Over(x, node.Plus(node.Emit(new Abs(), x), 1));
}
