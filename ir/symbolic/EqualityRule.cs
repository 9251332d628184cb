namespace Dlc.IR.Symbolic;

/// <summary>
/// A polynomial known to be 0, read as: <c>Coefficient * Leading</c> may be replaced by the rest. Where <see cref="Atom"/> is set, the rule
/// says that <c>Leading = Divisor * Atom</c> with <c>Atom = floordiv(Leading, Divisor)</c>.
/// </summary>
internal sealed record EqualityRule(Dim Zero, long Coefficient, Dim Leading, Dim? Atom, Dim? Divisor)
{
    public bool Active { get; set; } = true;
}
