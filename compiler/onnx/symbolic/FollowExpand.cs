namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Expand and Tile to small dims that are numbers.</summary>
internal sealed class FollowExpand(string type) : ISymbolicOperator
{
    public string Type => type;

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } data || node.Contents(1) is not { IsConstant: true } list || list.ToDims() is not { } numbers
            || numbers.Any(n => n.Constant is < 0 or > SymbolicTensor.MaximumElements))
        {
            return false;
        }

        int[] factors = [.. numbers.Select(n => (int)n.Constant)];
        if (type == "Expand")
        {
            if (SymbolicBroadcast.Dims(data.Dims, [.. factors]) is not { } to)
            {
                return false;
            }

            var reader = SymbolicBroadcast.Reader(data.Dims, to);
            var count = to.Aggregate(1, (x, y) => x * y);
            node.SetOutput(0, data.Pick(to, Enumerable.Range(0, count).Select(i => (int)reader.Offset(i))));
            return true;
        }

        // Repetition of a list or scalar is all that shape arithmetic does.
        if (data.Dims.Count != 1 || factors.Length != 1 || (long)factors[0] * data.Dims[0] > SymbolicTensor.MaximumElements)
        {
            return false;
        }

        var length = data.Dims[0] * factors[0];
        node.SetOutput(0, data.Pick([length], Enumerable.Range(0, length).Select(i => i % data.Dims[0])));
        return true;
    }
}
