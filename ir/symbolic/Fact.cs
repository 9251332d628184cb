namespace Dlc.IR.Symbolic;

/// <summary>A relation that was assumed, and where it came from (an ONNX node, the user, a guard).</summary>
public sealed record Fact(Dim Left, Relation Relation, Dim Right, string Source);
