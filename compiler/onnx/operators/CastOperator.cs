using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Cast and CastLike.</summary>
internal sealed class CastOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var to = type == "Cast" ? node.Element("to") : node.InputType(1).Element;
        if (node.InputType(0).Element == to)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        node.SetOutput(0, node.Emit(new Cast(to), node.Input(0)));
    }
}
