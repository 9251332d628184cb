using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// The mean of each window (ONNX AveragePool): over the elements inside the input, or with <paramref name="CountsPadding"/> over those
/// inside the padded input, where padding is 0. f16 and bf16 sum in f32. A window without elements gives 0.
/// </summary>
public sealed record AveragePool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling, bool CountsPadding) : Pool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    public override Expr At(IndexContext c, Expr[] index)
    {
        var element = c.InputType(0).Element;
        var type = element == ElementType.Float64 ? element : ElementType.Float32;
        var sum = c.Kernel.Declare(ExprFactory.Float(0, type), "sum");
        ForEachTap(c, index, (position, inside) => c.Kernel.Assign(sum, ExprFactory.Read(sum) + ExprFactory.Cast(type,
            c.Guarded(inside, () => c.Input(0, position), ExprFactory.Float(0, element)))));
        Expr count = ExprFactory.Int(1);
        for (var axis = 0; axis < Kernel.Count; axis++)
        {
            count *= Count(c, axis, index[axis + 2]);
        }

        count = ExprFactory.Max(count, ExprFactory.Int(1));
        return ExprFactory.Cast(element, ExprFactory.Binary(BinaryOp.Div, ExprFactory.Read(sum), ExprFactory.Cast(type, count)));
    }

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o) =>
        output.SetDouble(o, inside.Select(x.GetDouble).Sum() / Math.Max(1, CountsPadding ? padded : inside.Count));

    /// <summary>How many taps of the window at <paramref name="o"/> count along an axis.</summary>
    private Expr Count(IndexContext c, int axis, Expr o)
    {
        var (kernel, begin, end) = (ExprFactory.Int(Kernel[axis]), PadsBegin[axis], PadsEnd[axis]);
        var zero = ExprFactory.Int(0);
        var start = (o * Strides[axis]) - c.Dim(begin);
        var room = c.Dim(c.InputType(0).Shape[axis + 2]) - start;
        var reachesEnd = IsCeiling || (!CountsPadding && !(end is { IsConstant: true, Constant: <= 0 }));
        var first = CountsPadding || begin is { IsConstant: true, Constant: <= 0 } ? zero : ExprFactory.Max(Taps(-start, axis), zero);
        var last = reachesEnd ? ExprFactory.Min(Taps(CountsPadding ? room + c.Dim(end) : room, axis), kernel) : kernel;
        return ExprFactory.Max(last - first, zero);
    }

    /// <summary>The number of taps among the next <paramref name="positions"/>: rounded up by the dilation.</summary>
    private Expr Taps(Expr positions, int axis) => Dilations[axis] == 1
        ? positions : ExprFactory.Binary(BinaryOp.FloorDiv, positions + (Dilations[axis] - 1), ExprFactory.Int(Dilations[axis]));
}
