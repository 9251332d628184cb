namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Where.</summary>
internal sealed class FollowWhere : ISymbolicOperator
{
    public string Type => "Where";

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } condition || node.Contents(1) is not { } a || node.Contents(2) is not { } b || a.Element != b.Element
            || SymbolicBroadcast.Dims(condition.Dims, a.Dims) is not { } first || SymbolicBroadcast.Dims([.. first], b.Dims) is not { } dims)
        {
            return false;
        }

        var math = new SymbolicArithmetic(node, a.Element);
        var (atCondition, atA, atB) =
            (SymbolicBroadcast.Reader(condition.Dims, dims), SymbolicBroadcast.Reader(a.Dims, dims), SymbolicBroadcast.Reader(b.Dims, dims));
        var elements = new SymbolicElement[dims.Aggregate(1, (x, y) => x * y)];
        for (var i = 0; i < elements.Length; i++)
        {
            var chosen = math.Where(
                condition.Elements[(int)atCondition.Offset(i)], a.Elements[(int)atA.Offset(i)], b.Elements[(int)atB.Offset(i)]);
            if (chosen is null)
            {
                return false;
            }

            elements[i] = chosen;
        }

        node.SetOutput(0, new SymbolicTensor(a.Element, [.. dims], [.. elements]));
        return true;
    }
}
