using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>The greatest element of each window; padding never wins (ONNX MaxPool). A window without elements gives the least value.</summary>
public sealed record MaxPool(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    ValueList<Dim> PadsEnd, bool IsCeiling) : RowPool(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling)
{
    protected override ReduceKind Kind => ReduceKind.Max;

    protected override bool Accepts(ElementType type) => type != ElementType.Bool;

    protected override void Combine(Tensor x, IReadOnlyList<long> inside, long padded, Tensor output, long o)
    {
        if (x.Element.IsFloat())
        {
            output.SetDouble(o, inside.Select(x.GetDouble).Aggregate(double.NegativeInfinity, Math.Max));
        }
        else
        {
            var least = ((IntLiteral)ReduceKind.Max.Neutral(x.Element)).Value;
            output.SetLong(o, inside.Select(x.GetLong)
                .Aggregate(least, (a, b) => x.Element == ElementType.UInt64 ? (long)Math.Max((ulong)a, (ulong)b) : Math.Max(a, b)));
        }
    }

    /// <summary>Of several greatest elements of a window the first has the derivative.</summary>
    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var (x, places) = (c.Input(0), c.Emit(new MaxPoolIndices(Kernel, Strides, Dilations, PadsBegin, PadsEnd, IsCeiling, IsColumnMajor: false), c.Input(0)));
            var (shape, windows) = (x.Type.Shape, places.Type.Shape);
            var (planes, size, count) = (shape[0] * shape[1], c.Dims.Product(shape.Dims[2..]), c.Dims.Product(windows.Dims[2..]));

            // Each image is a line of its own, so that images are scattered side by side.
            var within = c.Emit(new Mod(), c.Shaped(places, [planes, count]), c.Number(size, ElementType.Int64));
            var updates = c.As(c.Shaped(c.Gradient(), [planes, count]), OpWriter.Wide(x.Type.Element));
            var sums = c.Emit(new ScatterElements(1, ScatterReduction.Add), c.Filled(0, updates.Type.Element, [planes, size]), within, updates);
            return c.Shaped(sums, shape);
        });
    }
}
