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

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            Value? counts = null;
            for (var axis = 0; axis < Kernel.Count; axis++)
            {
                var own = Counts(c, axis);
                counts = counts is null ? own : c.Times(counts, own);
            }

            counts = c.As(c.Emit(new Max(), counts!, c.Scalar(ElementType.Int64, 1)), c.Gradient().Type.Element);
            return OverWindows(c, c.Over(c.Gradient(), counts));
        });
    }

    /// <summary>The same for all outputs along an axis, as i64 of a shape that is 1 elsewhere.</summary>
    private Value Counts(DifferentiateContext c, int axis)
    {
        var (shape, kernel) = (c.Output().Type.Shape, c.Scalar(ElementType.Int64, Kernel[axis]));
        var start = c.Times(c.Positions(shape[axis + 2], axis + 2, shape.Rank), Strides[axis]);
        var extent = c.Input(0).Type.Shape[axis + 2] + PadsBegin[axis];
        Value Taps(Value positions) => c.Emit(new Div(), c.Plus(positions, Dilations[axis] - 1), c.Scalar(ElementType.Int64, Dilations[axis]));
        var last = c.Emit(new Min(), Taps(c.Minus(c.Number(CountsPadding ? extent + PadsEnd[axis] : extent, ElementType.Int64), start)), kernel);
        if (CountsPadding)
        {
            return last;
        }

        var zero = c.Scalar(ElementType.Int64, 0);
        var first = c.Emit(new Max(), Taps(c.Minus(c.Number(PadsBegin[axis], ElementType.Int64), start)), zero);
        return c.Emit(new Max(), c.Minus(last, first), zero);
    }
}
