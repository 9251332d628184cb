namespace Dlc.Compiler.Onnx.Symbolic;

/// <summary>Follows ONNX Slice with constant starts, ends and steps.</summary>
internal sealed class FollowSlice : ISymbolicOperator
{
    public string Type => "Slice";

    public bool TryFollow(OnnxNode node)
    {
        var isOld = node.Opset < 10;
        var starts = isOld ? node.IntsOrNull("starts") : Numbers(node, 1);
        var ends = isOld ? node.IntsOrNull("ends") : Numbers(node, 2);
        if (node.Contents(0) is not { } data || starts is null || ends is null || starts.Length != ends.Length)
        {
            return false;
        }

        var rank = data.Dims.Count;
        var axes = isOld ? node.IntsOrNull("axes") : Numbers(node, 3);
        var steps = isOld ? null : Numbers(node, 4);
        if (!isOld && ((node.HasInput(3) && axes is null) || (node.HasInput(4) && steps is null)))
        {
            return false;
        }

        axes ??= [.. Enumerable.Range(0, starts.Length).Select(i => (long)i)];
        steps ??= [.. Enumerable.Repeat(1L, starts.Length)];
        if (axes.Length != starts.Length || steps.Length != starts.Length)
        {
            return false;
        }

        var chosen = data.Dims.Items.Select(d => Enumerable.Range(0, d).ToArray()).ToArray();
        for (var i = 0; i < axes.Length; i++)
        {
            var axis = node.Axis(axes[i], rank);
            if (steps[i] == 0)
            {
                throw node.Error("has a step of 0");
            }

            chosen[axis] = [.. Range(starts[i], ends[i], steps[i], data.Dims[axis])];
        }

        List<int> positions = [0];
        for (var axis = 0; axis < rank; axis++)
        {
            positions = [.. positions.SelectMany(p => chosen[axis].Select(index => (p * data.Dims[axis]) + index))];
        }

        node.SetOutput(0, data.Pick(chosen.Select(c => c.Length), positions));
        return true;
    }

    private static IEnumerable<int> Range(long start, long end, long step, int extent)
    {
        start = Math.Clamp(start < 0 ? start + extent : start, 0, step > 0 ? extent : extent - 1);
        end = Math.Clamp(end < 0 ? end + extent : end, step > 0 ? 0 : -1, extent);
        for (var i = start; step > 0 ? i < end : i > end; i += step)
        {
            yield return (int)i;
        }
    }

    private static long[]? Numbers(OnnxNode node, int input) =>
        node.Contents(input) is { IsConstant: true } known && known.ToDims() is { } dims ? [.. dims.Select(d => d.Constant)] : null;
}
