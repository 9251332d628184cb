namespace Dlc.Runtime.Format;

/// <summary>A fact about dims that the compiled code relies on and that could not be proved at compile time.</summary>
/// <param name="A">Left slot.</param>
/// <param name="Relation">What must hold.</param>
/// <param name="B">Right slot.</param>
/// <param name="Message">The demand in the user's words with its reason, e.g. <c>"seq &lt;= 512, because node 'Add_3' adds a table of 512
/// positions"</c>. The runtime appends the numbers found.</param>
/// <param name="Origin">ONNX node that the guard came from; empty when it came from several.</param>
public sealed record Guard(int A, GuardRelation Relation, int B, string Message, string Origin = "");
