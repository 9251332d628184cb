using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>Makes indices that come from data safe.</summary>
internal static class SafeIndex
{
    /// <summary>
    /// Resolves an index in [-extent, extent), where negative ones count from the end; reports others. The index given back is in range wherever the
    /// condition given back holds.
    /// </summary>
    public static (Expr Index, Expr IsValid) Of(KernelBuilder k, Expr index, Dim extent, string message)
    {
        var (zero, end) = (ExprFactory.Int(0), ExprFactory.Dim(extent));
        var resolved = k.Let(ExprFactory.Select(ExprFactory.Less(index, zero), index + end, index));
        var isValid = k.Let(ExprFactory.And(ExprFactory.LessOrEqual(zero, resolved), ExprFactory.Less(resolved, end)));
        k.Check(isValid, message);
        return (resolved, isValid);
    }
}
