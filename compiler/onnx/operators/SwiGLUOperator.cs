using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX SwiGLU: <c>a * sigmoid(alpha * a) * b</c>.</summary>
internal sealed class SwiGLUOperator : IOnnxOperator
{
    public string Type => "SwiGLU";

    public void Import(OnnxNode node)
    {
        var a = node.Input(0);
        var x = node.Widened(a);
        var swish = node.Times(x, node.Emit(new Sigmoid(), node.Times(x, node.Float("alpha", 1))));
        node.SetOutput(0, node.As(node.Times(swish, node.Widened(node.Input(1))), a.Type.Element));
    }
}
