using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Add.</summary>
internal sealed class AddOperator : IOnnxOperator
{
    public string Type => "Add";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(new Add(), node.Input(0), node.Input(1)));
}
