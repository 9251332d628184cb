using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using Dlc.Runtime.Format;
using Guard = Dlc.Runtime.Format.Guard;

namespace Dlc.Compiler.Emit;

/// <summary>
/// Binds axes whose dims are expressions in unknown symbols (an input declared as <c>2*N</c>): the axis gets a slot, the symbol is solved
/// for where it occurs once and linearly, and a guard checks that the expression gives the axis back.
/// </summary>
internal sealed class AxisBinder(SlotTable slots)
{
    private readonly List<(Dim Dim, int Slot)> _bound = [];

    /// <summary>A slot for an axis with such a dim; defined by the axis in the bind point opened last.</summary>
    public int Bind(Dim dim)
    {
        var context = dim.Context;
        var name = context.FreshSymbol("axis");
        var slot = slots.Define(name);
        _bound.Add((dim, slot));
        foreach (var symbol in slots.UndefinedIn(dim))
        {
            var (constant, terms) = DimContext.Polynomial(dim);
            var own = terms.Where(t => SymbolSet.Of(t.Monomial).Contains(symbol)).ToList();
            var rest = dim - own.Aggregate(context.Zero, (sum, t) => sum + (t.Coefficient * t.Monomial));
            if (own.Count == 1 && ReferenceEquals(own[0].Monomial, symbol) && slots.CanCompute(rest))
            {
                slots.DefineAs(symbol, (name - rest).FloorDiv(own[0].Coefficient));
                break;
            }
        }

        return slot;
    }

    /// <summary>Adds the checks; throws when a symbol is still unknown.</summary>
    public void Finish()
    {
        foreach (var (dim, slot) in _bound)
        {
            if (!slots.CanCompute(dim))
            {
                throw new DlcException(ErrorCodes.BadDim, $"the size {dim} does not determine {string.Join(", ", slots.UndefinedIn(dim))}");
            }

            slots.PointOf(dim, dim, slots.Depth - 1).Guards.Add(new Guard(slot, GuardRelation.Equal, slots.Slot(dim), $"the size is {dim}"));
        }

        _bound.Clear();
    }
}
