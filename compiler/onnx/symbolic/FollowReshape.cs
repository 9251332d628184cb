namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>
/// Follows what gives a small tensor other dims: ONNX Reshape, Flatten, Squeeze and Unsqueeze. The dims of such a tensor are numbers.
/// </summary>
internal sealed class FollowReshape(string type) : ISymbolicOperator
{
    public string Type => type;

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } data || Dims(node, data) is not { } dims || dims.Aggregate(1L, (x, y) => x * y) != data.Elements.Count)
        {
            return false;
        }

        node.SetOutput(0, data.WithDims(dims));
        return true;
    }

    private int[]? Dims(OnnxNode node, SymbolicTensor data)
    {
        var from = data.Dims.Items;
        switch (type)
        {
            case "Reshape":
                return node.Contents(1) is { IsConstant: true } target && target.ToDims() is { } dims
                    ? Resolve(node, data, [.. dims.Select(d => d.Constant)]) : null;
            case "Flatten":
                var given = node.Int("axis", 1);
                var split = (int)(given < 0 ? given + from.Length : given);
                return split < 0 || split > from.Length
                    ? null : [from[..split].Aggregate(1, (x, y) => x * y), from[split..].Aggregate(1, (x, y) => x * y)];
            case "Squeeze":
                var axes = Axes(node);
                if (axes is null && node.HasInput(1))
                {
                    return null;
                }

                var gone = axes is null ? [.. Enumerable.Range(0, from.Length).Where(a => from[a] == 1)] : node.Axes(axes, from.Length);
                return [.. from.Where((_, axis) => !gone.Contains(axis))];
            case "Unsqueeze":
                if (Axes(node) is not { } added)
                {
                    return null;
                }

                var places = node.Axes(added, from.Length + added.Length);
                var result = from.ToList();
                foreach (var place in places.Order())
                {
                    result.Insert(place, 1);
                }

                return [.. result];
            default:
                throw new InvalidOperationException($"{type} gives no other dims");
        }
    }

    private static long[]? Axes(OnnxNode node) => node.HasInput(1)
        ? node.Contents(1) is { IsConstant: true } known && known.ToDims() is { } dims ? [.. dims.Select(d => d.Constant)] : null
        : node.IntsOrNull("axes");

    private static int[]? Resolve(OnnxNode node, SymbolicTensor data, long[] target)
    {
        var keepsZero = node.Flag("allowzero");
        var dims = new int[target.Length];
        var (inferred, known) = (-1, 1L);
        for (var axis = 0; axis < dims.Length; axis++)
        {
            if (target[axis] == -1 && inferred < 0)
            {
                inferred = axis;
                continue;
            }

            if (target[axis] < 0 || target[axis] > SymbolicTensor.MaximumElements || (target[axis] == 0 && !keepsZero && axis >= data.Dims.Count))
            {
                return null;
            }

            dims[axis] = target[axis] == 0 && !keepsZero ? data.Dims[axis] : (int)target[axis];
            known *= dims[axis];
            if (known > SymbolicTensor.MaximumElements)
            {
                return null;
            }
        }

        if (inferred >= 0)
        {
            dims[inferred] = known == 0 ? 0 : (int)(data.Elements.Count / known);
        }

        return dims;
    }
}
