using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Relu: <c>max(x, 0)</c>.</summary>
internal sealed class ReluOperator : IOnnxOperator
{
    public string Type => "Relu";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        node.SetOutput(0, node.Emit(new Max(), x, node.Scalar(x.Type.Element, 0)));
    }
}
