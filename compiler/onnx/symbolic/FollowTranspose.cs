using Dlc.IR.Ops;

namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Transpose.</summary>
internal sealed class FollowTranspose : ISymbolicOperator
{
    public string Type => "Transpose";

    public bool TryFollow(OnnxNode node)
    {
        if (node.Contents(0) is not { } data)
        {
            return false;
        }

        var rank = data.Dims.Count;
        var order = node.IntsOrNull("perm")?.Select(a => node.Axis(a, rank)).ToArray() ?? [.. Enumerable.Range(0, rank).Reverse()];
        if (!order.Order().SequenceEqual(Enumerable.Range(0, rank)))
        {
            return false;
        }

        long[] from = [.. data.Dims.Items.Select(d => (long)d)];
        long[] to = [.. order.Select(axis => from[axis])];
        var positions = Enumerable.Range(0, data.Elements.Count).Select(i =>
        {
            var index = RowMajor.Index(i, to);
            var source = new long[rank];
            for (var axis = 0; axis < rank; axis++)
            {
                source[order[axis]] = index[axis];
            }

            return (int)RowMajor.Position(source, from);
        });
        node.SetOutput(0, data.Pick(to.Select(d => (int)d), positions));
        return true;
    }
}
