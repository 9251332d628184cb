using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX TopK; the number is an attribute before opset 10. The result is sorted whether or not that is asked for.</summary>
internal sealed class TopKOperator : IOnnxOperator
{
    public string Type => "TopK";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var k = node.Opset < 10 ? node.Dims.Const(node.Int("k")) : node.Size(1);
        var outputs = node.EmitNode(new TopK(k, node.Axis(node.Int("axis", -1), x.Type.Rank), node.Flag("largest", true)), [x]).Outputs;
        node.SetOutput(0, outputs[0]);
        node.SetOutput(1, outputs[1]);
    }
}
