using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Where.</summary>
internal sealed class WhereOperator : IOnnxOperator
{
    public string Type => "Where";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(new Where(), node.Input(0), node.Input(1), node.Input(2)));
}
