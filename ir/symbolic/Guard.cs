namespace Dlc.IR.Symbolic;

/// <summary>A relation that compiled code relies on and that the runtime checks once the dims are numbers.</summary>
public sealed record Guard(Dim Left, Relation Relation, Dim Right, string Reason);
