using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// The mean of each window (ONNX AveragePool): over the elements inside the input, or with <paramref name="CountsPadding"/> over those
/// inside the padded input, where padding is 0. f16 and bf16 sum in f32. A window without elements gives 0.
/// </summary>
public sealed record AveragePool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling, bool CountsPadding) : RowPool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    protected override ReduceKind Kind => ReduceKind.Sum;

    protected override Expr Finish(LoopContext c, Expr[] index, Expr total)
    {
        Expr count = ExprFactory.Int(1);
        for (var axis = 0; axis < Kernel.Count; axis++)
        {
            count *= Count(c, axis, index[axis + 2]);
        }

        count = ExprFactory.Cast(total.Type, ExprFactory.Max(count, ExprFactory.Int(1)));
        return ExprFactory.Binary(BinaryOp.Div, total, count);
    }

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o) =>
        output.SetDouble(o, inside.Select(x.GetDouble).Sum() / Math.Max(1, CountsPadding ? padded : inside.Count));

    /// <summary>How many taps of the window at <paramref name="o"/> count along an axis.</summary>
    private Expr Count(LoopContext c, int axis, Expr o)
    {
        var (kernel, begin, end) = (ExprFactory.Int(Kernel[axis]), PadsBegin[axis], PadsEnd[axis]);
        var zero = ExprFactory.Int(0);
        var start = (o * Strides[axis]) - ExprFactory.Dim(begin);
        var room = ExprFactory.Dim(c.InputType(0).Shape[axis + 2]) - start;
        var reachesEnd = ReachesOver(axis) || (!CountsPadding && !(end is { IsConstant: true, Constant: <= 0 }));
        var first = CountsPadding || begin is { IsConstant: true, Constant: <= 0 } ? zero : ExprFactory.Max(RoundedUp(-start, axis), zero);
        var last = reachesEnd ? ExprFactory.Min(RoundedUp(CountsPadding ? room + ExprFactory.Dim(end) : room, axis), kernel) : kernel;
        return ExprFactory.Max(last - first, zero);
    }
}
