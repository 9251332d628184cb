using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Reciprocal: <c>1 / x</c>.</summary>
internal sealed class ReciprocalOperator : ActivationOperator
{
    public override string Type => "Reciprocal";

    protected override Value Apply(OnnxNode node, Value x) => node.Over(1, x);
}
