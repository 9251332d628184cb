using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>An ONNX operator that is an operator of the IR on two inputs, perhaps with the inputs swapped (Greater is Less).</summary>
internal sealed class BinaryOperator(string type, Op op, bool isSwapped = false) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var (a, b) = (node.Input(0), node.Input(1));
        node.SetOutput(0, isSwapped ? node.Emit(op, b, a) : node.Emit(op, a, b));
    }
}
