using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Split along an axis: by sizes (an attribute before opset 13, an input since), into a number of equal parts of which the last may be
/// smaller (opset 18), or evenly into as many parts as there are outputs.
/// </summary>
internal sealed class SplitOperator : IOnnxOperator
{
    public string Type => "Split";

    public void Import(OnnxNode node)
    {
        var shape = node.InputType(0).Shape;
        var axis = node.Axis(node.Int("axis", 0), shape.Rank);
        var sizes = Sizes(node, shape[axis]);
        var input = node.Input(0);
        var start = node.Dims.Zero;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (node.HasOutput(i))
            {
                node.SetOutput(i, node.Sliced(input, axis, start, sizes[i]));
            }

            start += sizes[i];
        }
    }

    private static Dim[] Sizes(OnnxNode node, Dim extent)
    {
        if (node.HasInput(1) || node.HasAttribute("split"))
        {
            var sizes = node.HasInput(1) ? node.TargetShape(1).Dims.ToArray() : [.. node.Ints("split").Select(node.Dims.Const)];
            if (sizes.Length < node.OutputCount)
            {
                throw node.Error($"has {node.OutputCount} outputs but only {sizes.Length} sizes");
            }

            node.RequireEqual(node.Dims.Sum(sizes), extent, "the sum of the sizes");
            return sizes;
        }

        var count = node.Int("num_outputs", node.OutputCount);
        if (count < 1 || count < node.OutputCount)
        {
            throw node.Error($"splits into {count}, but has {node.OutputCount} outputs");
        }

        if (!node.HasAttribute("num_outputs"))
        {
            node.Require(extent, Relation.Divisible, node.Dims.Const(count), "the axis should split evenly");
        }

        // All but the last have the rounded-up share, as far as it reaches.
        var share = node.Facts.ProveDivisible(extent, count) == Proof.True ? extent.FloorDiv(count) : extent.CeilDiv(count);
        return [.. Enumerable.Range(0, node.OutputCount).Select(i => node.Facts.ProveDivisible(extent, count) == Proof.True
            ? share : share.Min(extent - (share * i)).Max(0))];
    }
}
