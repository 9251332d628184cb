namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Identity.</summary>
internal sealed class IdentityOperator : IOnnxOperator
{
    public string Type => "Identity";

    public void Import(OnnxNode node) => node.SetOutput(0, node.AnyArgument(0));
}
