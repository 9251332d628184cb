using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Expand: to the broadcast of the input's shape and another, which may be computed at run time.</summary>
internal sealed class ExpandOperator : IOnnxOperator
{
    public string Type => "Expand";

    public void Import(OnnxNode node) =>
        node.SetOutput(0, node.Emit(new Broadcast(node.TargetShape(1)), node.Input(0)));
}
