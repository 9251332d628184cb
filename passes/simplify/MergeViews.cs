using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Simplify;

/// <summary>
/// Joins views of views and drops views that change nothing: reshapes, transposes, slices, broadcasts, concatenations, pads. Transposes that
/// only move axes of extent 1 become reshapes.
/// </summary>
public sealed class MergeViews : Rewrite
{
    public override string Name => "merge-views";

    protected override Value? Replace(Match m) => m.Op switch
    {
        Reshape reshape => m.IfSameType(m.Inputs[0]) ?? MergeReshape(m, reshape),
        Transpose transpose => SimplifyTranspose(m, transpose),
        Slice slice => SimplifySlice(m, slice),
        Broadcast => m.IfSameType(m.Inputs[0]) ?? MergeBroadcast(m),
        Concat concat => SimplifyConcat(m, concat),
        Pad pad when pad.Begins.All(b => b.Is(0)) && pad.Ends.All(e => e.Is(0)) => m.IfSameType(m.Inputs[0]),
        _ => null,
    };

    private static Value? MergeReshape(Match m, Reshape reshape) =>
        m.Made<Reshape>(0) is null ? null : m.Merge(m.Inputs[0], reshape, m.From(0));

    private static Value? SimplifyTranspose(Match m, Transpose transpose)
    {
        var order = transpose.Permutation;
        if (order.Select((axis, i) => axis == i).All(same => same))
        {
            return m.IfSameType(m.Inputs[0]);
        }

        if (m.Made<Transpose>(0) is { } first)
        {
            ValueList<int> both = [.. order.Select(axis => first.Permutation[axis])];
            return both.Select((axis, i) => axis == i).All(same => same)
                ? m.IfSameType(m.From(0)) : m.Merge(m.Inputs[0], new Transpose(both), m.From(0));
        }

        var shape = m.Inputs[0].Type.Shape;
        var moved = order.Where(axis => !shape[axis].Is(1)).ToList();
        return moved.SequenceEqual(moved.Order()) ? m.Make(new Reshape(m.Type.Shape), m.Inputs[0]) : null;
    }

    private static Value? MergeBroadcast(Match m) =>
        m.Made<Broadcast>(0) is null ? null : m.Merge(m.Inputs[0], new Broadcast(m.Type.Shape), m.From(0));

    private static Value? SimplifySlice(Match m, Slice slice)
    {
        var isWhole = slice.Starts.All(s => s.Is(0)) && slice.Steps.All(s => s.Is(1));
        if (isWhole && m.IfSameType(m.Inputs[0]) is { } whole)
        {
            return whole;
        }

        if (m.Made<Slice>(0) is { } first)
        {
            ValueList<Dim> starts = [.. first.Starts.Select((s, i) => s + (first.Steps[i] * slice.Starts[i]))];
            ValueList<Dim> steps = [.. first.Steps.Select((s, i) => s * slice.Steps[i])];
            return m.Merge(m.Inputs[0], new Slice(starts, steps, slice.To), m.From(0));
        }

        return m.Made<Concat>(0) is { } concat ? SliceOfConcat(m, slice, concat) : null;
    }

    /// <summary>A slice that lies inside one part of a concatenation reads that part.</summary>
    private static Value? SliceOfConcat(Match m, Slice slice, Concat concat)
    {
        var axis = concat.Axis;
        if (!slice.Steps[axis].Is(1))
        {
            return null;
        }

        var (start, end) = (m.Dims.Zero, slice.Starts[axis] + slice.To[axis]);
        foreach (var part in m.Inputs[0].Producer!.Inputs)
        {
            var next = start + part.Type.Shape[axis];
            if (m.Facts.ProveLessOrEqual(start, slice.Starts[axis]) == Proof.True && m.Facts.ProveLessOrEqual(end, next) == Proof.True)
            {
                ValueList<Dim> starts = [.. slice.Starts.Select((s, i) => i == axis ? s - start : s)];
                return m.Merge(m.Inputs[0], slice with { Starts = starts }, part);
            }

            start = next;
        }

        return null;
    }

    private static Value? SimplifyConcat(Match m, Concat concat)
    {
        var parts = m.Inputs.Where(i => !i.Type.Shape[concat.Axis].Is(0)).ToArray();
        if (parts.Length == 1)
        {
            return m.IfSameType(parts[0]);
        }

        return parts.Length > 1 && parts.Length < m.Inputs.Length ? m.Make(concat, parts) : null;
    }
}
