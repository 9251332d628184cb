namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Gather with constant indices.</summary>
internal sealed class FollowGather : ISymbolicOperator
{
    public string Type => "Gather";

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } data || node.Contents(1) is not { IsConstant: true } indices || data.Dims.Count == 0)
        {
            return false;
        }

        var axis = node.Axis(node.Int("axis", 0), data.Dims.Count);
        var extent = data.Dims[axis];
        var inner = data.Dims.Items[(axis + 1)..].Aggregate(1, (x, y) => x * y);
        var outer = data.Dims.Items[..axis].Aggregate(1, (x, y) => x * y);
        if ((long)outer * indices.Elements.Count * inner > SymbolicTensor.MaximumElements)
        {
            return false;
        }

        var positions = new List<int>();
        for (var row = 0; row < outer; row++)
        {
            foreach (var element in indices.Elements)
            {
                var index = element.Dim!.Constant;
                if (index < -extent || index >= extent)
                {
                    throw node.Error($"takes element {index} of an axis of {extent}");
                }

                var at = (int)(index < 0 ? index + extent : index);
                positions.AddRange(Enumerable.Range(((row * extent) + at) * inner, inner));
            }
        }

        node.SetOutput(0, data.Pick([.. data.Dims.Items[..axis], .. indices.Dims, .. data.Dims.Items[(axis + 1)..]], positions));
        return true;
    }
}
