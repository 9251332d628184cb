using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX IsInf.</summary>
internal sealed class IsInfOperator : IOnnxOperator
{
    public string Type => "IsInf";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(
        new IsInf(node.Flag("detect_negative", true), node.Flag("detect_positive", true)), node.Input(0)));
}
