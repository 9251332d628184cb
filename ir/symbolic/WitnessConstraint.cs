namespace Dlc.IR.Symbolic;

/// <summary>A fact as a witness sees it: a form that is at least 0, is 0, or is a multiple of <see cref="Divisor"/>.</summary>
internal sealed class WitnessConstraint
{
    public WitnessConstraint(Fact fact)
    {
        Fact = fact;
        Relation = fact.Relation == Relation.Less ? Relation.LessOrEqual : fact.Relation;
        var form = Relation switch
        {
            Relation.Divisible => LinearForm.Of(fact.Left),
            Relation.Equal => LinearForm.Difference(fact.Left, fact.Right),
            _ => LinearForm.Difference(fact.Right, fact.Left, fact.Relation == Relation.Less ? 1 : 0),
        };

        // What overflows no witness satisfies.
        Form = form ?? LinearForm.Of(fact.Left.Context.Const(-1));
        Divisor = fact.Relation == Relation.Divisible ? fact.Right : null;
    }

    public Fact Fact { get; }

    /// <summary>LessOrEqual (0 &lt;= form), Equal (0 = form) or Divisible.</summary>
    public Relation Relation { get; }

    public LinearForm Form { get; }

    public Dim? Divisor { get; }

    /// <summary>Whether it waits to be looked at.</summary>
    public bool IsQueued { get; set; }
}
