using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Det: determinants of <c>[..., n, n]</c>.</summary>
internal sealed class DetOperator : IOnnxOperator
{
    public string Type => "Det";

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(new Determinant(), node.Input(0)));
}
