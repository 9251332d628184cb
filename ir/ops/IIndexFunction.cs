using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// An op with one output whose every element is a function of its index and of elements of the inputs: elementwise operators, views,
/// gathers. Such ops fuse by inlining.
/// </summary>
public interface IIndexFunction
{
    /// <summary>The output element at <paramref name="index"/> (i64, one per output axis, in range).</summary>
    Expr At(IndexContext c, Expr[] index);
}
