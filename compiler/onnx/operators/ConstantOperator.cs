using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>ONNX Constant.</summary>
internal sealed class ConstantOperator : IOnnxOperator
{
    public string Type => "Constant";

    public void Import(OnnxNode node) => node.SetOutput(0, Value(node));

    private static Tensor Value(OnnxNode node)
    {
        if (node.TensorOrNull("value") is { } value)
        {
            return value;
        }

        if (node.HasAttribute("value_int"))
        {
            return Tensor.Scalar(node.Int("value_int"));
        }

        if (node.IntsOrNull("value_ints") is { } integers)
        {
            return Tensor.Vector(integers);
        }

        if (node.HasAttribute("value_float"))
        {
            return Tensor.Scalar(ElementType.Float32, node.Float("value_float"));
        }

        if (node.FloatsOrNull("value_floats") is { } floats)
        {
            return Tensor.FromSpan<float>(ElementType.Float32, floats, floats.Length);
        }

        foreach (var other in (string[])["sparse_value", "value_string", "value_strings"])
        {
            if (node.HasAttribute(other))
            {
                throw node.Unsupported(other);
            }
        }

        throw node.Error("has no value");
    }
}
