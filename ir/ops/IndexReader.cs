using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>Indices that come from data, as ONNX's gathers take them: negative ones count from the end, others outside are an error.</summary>
public static class IndexReader
{
    /// <summary>The index as a number of <c>[0, extent)</c>; throws outside of <c>[-extent, extent)</c>.</summary>
    public static long Normalize(long index, long extent) => index >= -extent && index < extent
        ? index < 0 ? index + extent : index
        : throw EvaluateContext.Error($"index {index} is outside of an axis of {extent}");

    /// <summary>
    /// The same in a kernel: an out-of-range index is reported at run time and moved inside. For a dim that may be 0 the read must be
    /// guarded besides by <c>0 &lt; extent</c>.
    /// </summary>
    public static Expr Normalize(IndexContext c, Expr index, Dim extent)
    {
        var size = c.Dim(extent);
        var raw = c.Kernel.Let(ExprFactory.Cast(ElementType.Int64, index), "index");
        var shifted = c.Kernel.Let(ExprFactory.Select(ExprFactory.Less(raw, ExprFactory.Int(0)), raw + size, raw), "index");
        c.Check(ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), shifted), ExprFactory.Less(shifted, size)),
            "an index lies outside of its axis");
        return c.Kernel.Let(ExprFactory.Max(ExprFactory.Min(shifted, size - 1), ExprFactory.Int(0)), "index");
    }

    /// <summary>Reads input 0 where the indexed axes have any elements, which <see cref="Normalize(IndexContext, Expr, Dim)"/> cannot see to.</summary>
    public static Expr Read(IndexContext c, Expr[] source, params ReadOnlySpan<Dim> indexed)
    {
        var condition = ExprFactory.Bool(true);
        foreach (var extent in indexed)
        {
            if (!extent.IsConstant || extent.Constant < 1)
            {
                condition = ExprFactory.And(condition, ExprFactory.Less(ExprFactory.Int(0), c.Dim(extent)));
            }
        }

        return c.Guarded(condition, () => c.Input(0, source), ExprFactory.Literal(0, c.InputType(0).Element));
    }
}
