using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>An ONNX operator that is an operator of the IR on one input.</summary>
internal sealed class UnaryOperator(string type, Op op) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node) => node.SetOutput(0, node.Emit(op, node.Input(0)));
}
