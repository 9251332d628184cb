namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Split of a list.</summary>
internal sealed class FollowSplit : ISymbolicOperator
{
    public string Type => "Split";

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } data || data.Dims.Count != 1 || node.OutputCount == 0)
        {
            return false;
        }

        var extent = data.Dims[0];
        long[]? sizes;
        if (node.HasInput(1))
        {
            sizes = node.Contents(1) is { IsConstant: true } known && known.ToDims() is { } dims ? [.. dims.Select(d => d.Constant)] : null;
            if (sizes is null)
            {
                return false;
            }
        }
        else
        {
            var part = (extent + node.OutputCount - 1) / node.OutputCount;
            sizes = node.IntsOrNull("split")
                ?? [.. Enumerable.Range(0, node.OutputCount).Select(i => (long)Math.Clamp(extent - (i * part), 0, part))];
        }

        if (sizes.Length != node.OutputCount || sizes.Any(s => s < 0) || sizes.Sum() != extent)
        {
            return false;
        }

        var start = 0;
        for (var i = 0; i < sizes.Length; i++)
        {
            var size = (int)sizes[i];
            node.SetOutput(i, data.Pick([size], Enumerable.Range(start, size)));
            start += size;
        }

        return true;
    }
}
