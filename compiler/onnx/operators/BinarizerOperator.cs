namespace Dlc.Compiler.Onnx.Operators;

/// <summary>Binarizer of ai.onnx.ml: 1 above a threshold, else 0.</summary>
internal sealed class BinarizerOperator : IOnnxOperator
{
    public string Domain => "ai.onnx.ml";

    public string Type => "Binarizer";

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        node.SetOutput(0, node.As(node.IsLess(node.Float("threshold", 0), x), x.Type.Element));
    }
}
