using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Abs and Sign, which on unsigned types are the identity and <c>min(x, 1)</c>.</summary>
internal sealed class SignedOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var isUnsigned = node.InputType(0).Element.IsUnsigned();
        if (isUnsigned && type == "Abs")
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        var x = node.Input(0);
        node.SetOutput(0, isUnsigned ? node.Smallest(x, 1) : node.Emit(type == "Abs" ? new Abs() : new Sign(), x));
    }
}
