using Dlc.IR.Symbolic;
using Format = Dlc.Runtime.Format;

namespace Dlc.Compiler.Emit;

/// <summary>
/// Puts each guard of the facts into the first bind point where both of its sides have values. A guard on a symbol that nothing in the
/// program binds and no fact computes belongs to code that is gone, and goes with it.
/// </summary>
/// <param name="slots">Where dims get their slots.</param>
/// <param name="guards">The guards, in order.</param>
/// <param name="bound">The symbols that the program binds somewhere: their guards wait for that.</param>
internal sealed class GuardPlacer(SlotTable slots, IEnumerable<Guard> guards, IReadOnlySet<Dim> bound)
{
    private readonly int _floor = slots.Floor;
    private List<Guard> _waiting = [.. guards];

    /// <summary>Places what can be placed now; called whenever symbols have been defined.</summary>
    public void Place()
    {
        var waiting = new List<Guard>();
        foreach (var guard in _waiting)
        {
            if (!IsReady(guard.Left) || !IsReady(guard.Right))
            {
                waiting.Add(guard);
                continue;
            }

            Add(guard);
        }

        _waiting = waiting;
    }

    private void Add(Guard guard)
    {
        var (left, right) = (slots.Slot(guard.Left), slots.Slot(guard.Right));
        var message = $"{Describe(guard)}, because of {guard.Reason}";
        slots.PointOf(guard.Left, guard.Right, _floor).Guards.Add(guard.Relation switch
        {
            Relation.Equal => new Format.Guard(left, Format.GuardRelation.Equal, right, message),
            Relation.LessOrEqual => new Format.Guard(left, Format.GuardRelation.LessOrEqual, right, message),
            Relation.Less => new Format.Guard(left, Format.GuardRelation.Less, right, message),
            Relation.Divisible => new Format.Guard(right, Format.GuardRelation.Divides, left, message),
            _ => throw new InvalidOperationException($"unknown relation {guard.Relation}"),
        });
    }

    private bool IsReady(Dim dim) => slots.CanCompute(dim) && slots.UndefinedIn(dim).All(s => !bound.Contains(s));

    /// <summary>The demand in words.</summary>
    public static string Describe(Guard guard) => guard.Relation switch
    {
        Relation.Equal => $"{guard.Left} = {guard.Right}",
        Relation.LessOrEqual => $"{guard.Left} <= {guard.Right}",
        Relation.Less => $"{guard.Left} < {guard.Right}",
        Relation.Divisible => $"{guard.Left} is a multiple of {guard.Right}",
        _ => throw new InvalidOperationException($"unknown relation {guard.Relation}"),
    };
}
