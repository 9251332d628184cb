using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>Drops a <c>Broadcast</c> in front of an elementwise operator that broadcasts by itself to the same shape.</summary>
public sealed class RemoveBroadcasts : Rewrite
{
    public override string Name => "remove-broadcasts";

    protected override Value? Replace(Match m)
    {
        if (m.Op is not IElementwise || m.Op is Broadcast or Cast || m.Inputs.Length < 2)
        {
            return null;
        }

        var inputs = m.Inputs;
        var changed = false;
        for (var i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Producer?.Op is Broadcast && CanRead(m, inputs, i, inputs[i].Producer!.Inputs[0]))
            {
                inputs = (Value[])inputs.Clone();
                inputs[i] = inputs[i].Producer!.Inputs[0];
                changed = true;
            }
        }

        return changed ? m.IfSameType(m.Make(m.Op, inputs)) : null;
    }

    /// <summary>Whether the others, or the value itself, give every axis its extent.</summary>
    private static bool CanRead(Match m, Value[] inputs, int replaced, Value value)
    {
        for (var axis = 0; axis < m.Type.Rank; axis++)
        {
            var extent = m.Type.Shape[axis];
            var isGiven = extent.Is(1);
            for (var i = 0; i < inputs.Length && !isGiven; i++)
            {
                var shape = (i == replaced ? value : inputs[i]).Type.Shape;
                var own = axis - (m.Type.Rank - shape.Rank);
                isGiven = own >= 0 && ReferenceEquals(shape[own], extent);
            }

            if (!isGiven)
            {
                return false;
            }
        }

        return true;
    }
}
