using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Fusion;

namespace Dlc.Passes.Memory;

/// <summary>
/// When a kernel reads each element of an input only to make the output's element at the same place: on the way to the outputs there are only
/// operators that keep the place, and reductions of a row, which are done before the row is written.
/// </summary>
internal static class InPlaceRules
{
    /// <summary>Whether the output may be written over the input, which has as many bytes.</summary>
    public static bool Allows(Node node, int input, int output, Facts facts)
    {
        var (from, to) = (node.Inputs[input].Type, node.Outputs[output].Type);
        if (from.Element.Bytes() != to.Element.Bytes()
            || facts.ProveEqual(from.Shape.ElementCount(facts.Context), to.Shape.ElementCount(facts.Context)) != Proof.True)
        {
            return false;
        }

        if (node.Op is not Fused fused)
        {
            return node.Op is IElementwise && !node.Op.IsHeavy && KeepsPlace(node, input, facts);
        }

        var region = node.Regions[0];
        var rows = fused.Kind == FusionKind.Row ? region.Nodes.First(n => n.Op is Reduce).Inputs[0].Type.Shape : default;
        var isFull = fused.Kind != FusionKind.Row || HasCount(region.Outputs[output], rows, facts);
        return isFull && IsReadInPlace(region, region.Inputs[input], fused.Kind == FusionKind.Row ? rows : null, facts);
    }

    private static bool HasCount(Value value, Shape shape, Facts facts) =>
        facts.ProveEqual(value.Type.Shape.ElementCount(facts.Context), shape.ElementCount(facts.Context)) == Proof.True;

    /// <summary>Follows a value of a region through its readers.</summary>
    private static bool IsReadInPlace(Graph region, Value start, Shape? rows, Facts facts)
    {
        var reached = new HashSet<Value> { start };
        foreach (var node in region.Nodes)
        {
            for (var i = 0; i < node.Inputs.Length; i++)
            {
                if (!reached.Contains(node.Inputs[i]))
                {
                    continue;
                }

                if (rows is { } full && FusionRules.IsRowReduction(node) && HasCount(node.Inputs[i], full, facts))
                {
                    // The sum of a row is known before the row is written.
                    continue;
                }

                if (node.Op is not Reshape && !(node.Op is IElementwise && !node.Op.IsHeavy && KeepsPlace(node, i, facts)))
                {
                    return false;
                }

                reached.Add(node.Output);
            }
        }

        return true;
    }

    /// <summary>An elementwise operand that is not broadcast.</summary>
    private static bool KeepsPlace(Node node, int input, Facts facts)
    {
        var (from, to) = (node.Inputs[input].Type.Shape, node.Output.Type.Shape);
        if (from.Rank != to.Rank)
        {
            return false;
        }

        for (var axis = 0; axis < from.Rank; axis++)
        {
            if (!ReferenceEquals(from[axis], to[axis]) && facts.ProveEqual(from[axis], to[axis]) != Proof.True)
            {
                return false;
            }
        }

        return true;
    }
}
