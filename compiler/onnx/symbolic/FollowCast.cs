using Dlc.IR;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Cast and CastLike.</summary>
internal sealed class FollowCast(string type) : ISymbolicOperator
{
    public string Type => type;

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } value)
        {
            return false;
        }

        var to = type == "CastLike" ? node.InputType(1).Element : node.Element("to");
        var math = new SymbolicArithmetic(node, to);
        var elements = new SymbolicElement[value.Elements.Count];
        for (var i = 0; i < elements.Length; i++)
        {
            if (math.Cast(value.Elements[i], value.Element) is not { } element)
            {
                return false;
            }

            elements[i] = element;
        }

        node.SetOutput(0, new SymbolicTensor(to, value.Dims, [.. elements]));
        return true;
    }
}
