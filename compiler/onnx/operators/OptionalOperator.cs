using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Optional, OptionalHasElement and OptionalGetElement: whether there is a value is known at import.</summary>
internal sealed class OptionalOperator(string type) : IOnnxOperator
{
    public string Type => type;

    public void Import(OnnxNode node)
    {
        var value = node.HasInput(0) ? node.AnyArgument(0) : OnnxValue.Nothing;
        var isThere = !ReferenceEquals(value, OnnxValue.Nothing);
        if (type == "OptionalHasElement")
        {
            node.SetOutput(0, Tensor.Scalar(ElementType.Bool, isThere ? 1 : 0));
        }
        else
        {
            node.SetOutput(0, isThere || type == "Optional" ? value : throw node.Error("takes the value of an optional that has none"));
        }
    }
}
