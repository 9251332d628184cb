using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Swish: <c>x * sigmoid(alpha * x)</c>.</summary>
internal sealed class SwishOperator : ActivationOperator
{
    public override string Type => "Swish";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x) => node.Times(x, node.Emit(new Sigmoid(), node.Times(x, node.Float("alpha", 1))));
}
