using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX HardSwish: <c>x * max(0, min(1, x / 6 + 1/2))</c>.</summary>
internal sealed class HardSwishOperator : ActivationOperator
{
    public override string Type => "HardSwish";

    protected override bool IsWide => true;

    protected override Value Apply(OnnxNode node, Value x) => node.Times(x, node.Largest(node.Smallest(node.Plus(node.Times(x, 1.0 / 6), 0.5), 1), 0));
}
