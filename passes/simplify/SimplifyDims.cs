using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Simplify;

/// <summary>
/// Writes the sizes in operators' attributes as the facts allow: where a guard makes sure that <c>seq &lt;= 512</c>, <c>min(seq, 512)</c> is
/// <c>seq</c>, and two tensors that seemed to differ in shape do not.
/// </summary>
public sealed class SimplifyDims : Rewrite
{
    public override string Name => "simplify-dims";

    protected override Value? Replace(Match m)
    {
        if (m.Op is BindDim)
        {
            return null;
        }

        var op = OpDims.Map(m.Op, dim => Simplify(m.Facts, dim));
        return ReferenceEquals(op, m.Op) ? null : m.IfSameType(m.Make(op, m.Inputs));
    }

    /// <summary>A simpler dim over the same symbols: others might be bound later than this one is needed.</summary>
    private static Dim Simplify(Facts facts, Dim dim)
    {
        if (dim.IsConstant || dim.IsSymbol)
        {
            return dim;
        }

        var simple = facts.Simplify(dim);
        return ReferenceEquals(simple, dim) || SymbolSet.Of(simple).Except(SymbolSet.Of(dim)).Any() ? dim : simple;
    }
}
