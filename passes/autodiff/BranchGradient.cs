using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// The derivative of an <see cref="If"/>: another one by the same condition, whose branches compute again what the branch computed and then the gradients
/// of the values that it read.
/// </summary>
internal static class BranchGradient
{
    public static void Append(Backward outer, OpWriter writer, Differentiation shared, Node node, If branch, Value?[] gradients)
    {
        var captures = Graph.Captures(node).Where(outer.Activity.Contains).ToArray();
        var sides = node.Regions.Select(region => Side(writer, shared, region, captures, gradients)).ToArray();
        var present = Enumerable.Range(0, captures.Length).Where(i => sides.Any(s => s.Gradients[i] is not null)).ToArray();
        if (present.Length == 0)
        {
            return;
        }

        var regions = sides.Select(side =>
            side.Writer.Builder.Build([.. present.Select(i => side.Gradients[i] ?? side.Writer.Zeros(captures[i].Type))])).ToArray();
        var shapes = present.Select(i => captures[i].Type.Shape).ToValueList();
        var results = writer.EmitNode(new If(shapes), [node.Inputs[0]], regions).Outputs;
        for (var i = 0; i < present.Length; i++)
        {
            outer.Contribute(captures[present[i]], results[i]);
        }
    }

    private static (OpWriter Writer, Value?[] Gradients) Side(
        OpWriter writer, Differentiation shared, Graph region, Value[] captures, Value?[] gradients)
    {
        var inner = writer.Into(new GraphBuilder(writer.Builder.Module, writer.Facts.Clone()));
        var copy = shared.Recompute(inner.Builder, region, [], captures);
        var backward = new Backward(inner.Builder, shared, copy.Nodes, captures, copy.Outputs);
        for (var i = 0; i < gradients.Length; i++)
        {
            if (gradients[i] is { } gradient)
            {
                // A size that only the branch taken decides has a name of its own outside.
                var shape = copy.Outputs[i].Type.Shape;
                backward.Contribute(copy.Outputs[i], inner.AreEqual(gradient.Type.Shape, shape) ? gradient : inner.Shaped(gradient, shape));
            }
        }

        backward.Run();
        return (inner, [.. captures.Select(backward.Gradient)]);
    }
}
