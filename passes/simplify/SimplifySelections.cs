using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>
/// Choices and conversions that are settled at compile time: <c>Where</c> with a constant condition or equal arms, casts to the type a tensor has,
/// casts of lossless casts, reductions over axes of extent 1, and gathers of one constant index, which are slices.
/// </summary>
public sealed class SimplifySelections : Rewrite
{
    public override string Name => "simplify-selections";

    protected override Value? Replace(Match m) => m.Op switch
    {
        Where when ReferenceEquals(m.Inputs[1], m.Inputs[2]) => m.IfSameType(m.Inputs[1]),
        Where => SimplifyWhere(m),
        Cast cast => SimplifyCast(m, cast),
        Reduce reduce when reduce.Axes.All(axis => m.Inputs[0].Type.Shape[axis].Is(1)) => m.IfSameType(m.Inputs[0]),
        Gather gather => SimplifyGather(m, gather),
        _ => null,
    };

    private static Value? SimplifyWhere(Match m)
    {
        if (Match.SplatOf(m.Inputs[0]) is not { } condition)
        {
            return null;
        }

        var taken = m.Inputs[condition != 0 ? 1 : 2];
        return m.IfSameType(taken) ?? m.IfSameType(m.Make(new Broadcast(m.Type.Shape), taken));
    }

    private static Value? SimplifyCast(Match m, Cast cast)
    {
        var x = m.Inputs[0];
        if (x.Type.Element == cast.To)
        {
            return m.IfSameType(x);
        }

        if (m.Made<Cast>(0) is null || !IsLossless(m.From(0).Type.Element, x.Type.Element))
        {
            return null;
        }

        var origin = m.From(0);
        return origin.Type.Element == cast.To ? m.IfSameType(origin) : m.Merge(x, cast, origin);
    }

    /// <summary>Whether every value of one type is a value of the other.</summary>
    private static bool IsLossless(ElementType from, ElementType to)
    {
        if (from == to || from == ElementType.Bool)
        {
            return true;
        }

        if (from.IsFloat())
        {
            return to switch
            {
                ElementType.Float64 => true,
                ElementType.Float32 => from is ElementType.Float16 or ElementType.BFloat16,
                _ => false,
            };
        }

        if (to.IsFloat())
        {
            var digits = to switch
            {
                ElementType.Float64 => 53,
                ElementType.Float32 => 24,
                ElementType.Float16 => 11,
                _ => 8,
            };
            return from.Bytes() * 8 <= digits;
        }

        return to.IsInteger() && to.Bytes() > from.Bytes() && (from.IsUnsigned() || to.IsSigned());
    }

    private static Value? SimplifyGather(Match m, Gather gather)
    {
        var data = m.Inputs[0].Type;
        var extent = data.Shape[gather.Axis];
        if (m.Constant(1) is not { Count: 1 } index || !extent.IsConstant)
        {
            return null;
        }

        var at = index.GetLong(0);
        at = at < 0 ? at + extent.Constant : at;
        if (at < 0 || at >= extent.Constant)
        {
            return null;
        }

        var starts = Enumerable.Repeat(m.Dims.Zero, data.Rank).ToArray();
        var steps = Enumerable.Repeat(m.Dims.One, data.Rank).ToArray();
        starts[gather.Axis] = m.Dims.Const(at);
        var slice = m.Make(new Slice([.. starts], [.. steps], data.Shape.With(gather.Axis, m.Dims.One)), m.Inputs[0]);
        return m.Make(new Reshape(m.Type.Shape), slice);
    }
}
