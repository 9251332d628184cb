using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Memory;

/// <summary>Which nodes only give a name and a shape to bytes of their input.</summary>
internal static class ViewRules
{
    /// <summary>The offset in bytes of a node's output in its input, when it is a view: a reshape, or a slice of neighbouring elements; else null.</summary>
    public static Dim? OffsetOf(Node node, Facts facts) => node.Op switch
    {
        Reshape or Evict or Regenerate => facts.Context.Zero,
        Slice slice => SliceOffset(slice, node.Inputs[0].Type, facts),
        _ => null,
    };

    /// <summary>
    /// A slice of neighbouring elements: from some axis on whole axes, at most one axis before them cut, and one index of each axis before that.
    /// </summary>
    private static Dim? SliceOffset(Slice slice, TensorType input, Facts facts)
    {
        var dims = facts.Context;
        var strides = input.Shape.Strides(dims);
        var offset = dims.Zero;
        var axis = input.Rank - 1;
        while (axis >= 0 && slice.Starts[axis].Is(0) && slice.Steps[axis].Is(1)
            && facts.ProveEqual(slice.To[axis], input.Shape[axis]) == Proof.True)
        {
            axis--;
        }

        if (axis >= 0)
        {
            if (!slice.Steps[axis].Is(1) && !slice.To[axis].Is(1))
            {
                return null;
            }

            offset += slice.Starts[axis] * strides[axis];
        }

        for (axis--; axis >= 0; axis--)
        {
            if (!slice.To[axis].Is(1))
            {
                return null;
            }

            offset += slice.Starts[axis] * strides[axis];
        }

        return offset * input.Element.Bytes();
    }
}
