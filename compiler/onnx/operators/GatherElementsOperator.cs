using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX GatherElements.</summary>
internal sealed class GatherElementsOperator : IOnnxOperator
{
    public string Type => "GatherElements";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(
        new GatherElements(node.Axis(node.Int("axis", 0), node.InputType(0).Rank)), node.Input(0), node.Input(1)));
}
