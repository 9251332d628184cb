using Dlc.IR;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX SplitToSequence: parts of the given sizes, of one size (the last may be smaller), or of 1, whose axis goes unless <c>keepdims</c>. How many
/// there are must be known at import.
/// </summary>
internal sealed class SplitToSequenceOperator : IOnnxOperator
{
    public string Type => "SplitToSequence";

    public void Import(OnnxNode node)
    {
        var input = node.Input(0);
        var axis = node.Axis(node.Int("axis", 0), input.Type.Rank);
        var items = new List<OnnxValue>();
        var start = node.Dims.Zero;
        foreach (var size in Sizes(node, node.Facts.Simplify(input.Type.Shape[axis])))
        {
            var part = node.Sliced(input, axis, start, size);
            items.Add(new OnnxValue(node.Builder, !node.HasInput(1) && !node.Flag("keepdims", true) ? node.Squeezed(part, axis) : part));
            start += size;
        }

        node.SetOutput(0, new OnnxValue(items));
    }

    private static IR.Symbolic.Dim[] Sizes(OnnxNode node, IR.Symbolic.Dim extent)
    {
        if (node.HasInput(1) && node.InputType(1).Rank > 0)
        {
            var sizes = node.Sizes(1);
            node.RequireEqual(node.Dims.Sum(sizes), extent, "the sum of the sizes");
            return sizes;
        }

        var share = node.HasInput(1) ? node.ConstantLongs(1)[0] : 1;
        if (share < 1)
        {
            throw node.Error($"expects parts of at least 1, found {share}");
        }

        if (!extent.IsConstant || extent.Constant / share > SymbolicTensor.MaximumElements)
        {
            throw node.Unsupported($"an axis of {extent}, which decides the length of a sequence");
        }

        var sizesOfShares = new List<IR.Symbolic.Dim>();
        for (var start = 0L; start < extent.Constant; start += share)
        {
            sizesOfShares.Add(node.Dims.Const(Math.Min(share, extent.Constant - start)));
        }

        return [.. sizesOfShares];
    }
}
