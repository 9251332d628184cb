using Dlc.IR;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Rematerialization;

/// <summary>A buffer that nothing touches between two nodes.</summary>
/// <param name="Root">The value that owns the buffer.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="After">Position of the node that touches it last.</param>
/// <param name="Before">Position of the node that touches it next.</param>
/// <param name="Values">What that node reads of it: the root or views of it.</param>
internal sealed record IdleSpan(Value Root, Dim Bytes, int After, int Before, IReadOnlyList<Value> Values, IReadOnlyDictionary<Value, int> Positions)
{
    /// <summary>Position of the node that makes one of <see cref="Values"/>.</summary>
    public int DefinedAt(Value value) => Positions[value];
}
