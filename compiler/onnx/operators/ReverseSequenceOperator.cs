using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX ReverseSequence.</summary>
internal sealed class ReverseSequenceOperator : IOnnxOperator
{
    public string Type => "ReverseSequence";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(
        new ReverseSequence((int)node.Int("time_axis", 0), (int)node.Int("batch_axis", 1)), node.Input(0), node.Input(1)));
}
