using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// What each tap of a deformable convolution reads: <c>[N, C, kH*kW, outH, outW]</c>, by bilinear interpolation of <c>x [N, C, H, W]</c> at the
/// tap's place moved by <c>offset [N, G*kH*kW*2, outH, outW]</c> (y then x); beyond the borders reads 0. With <paramref name="HasMask"/> times
/// <c>mask [N, G*kH*kW, outH, outW]</c>. Channels are split among the G <paramref name="OffsetGroups"/>. A matrix product with the weights
/// follows (ONNX DeformConv). Two numbers, for y and x, in each list.
/// </summary>
public sealed record DeformedColumns(ValueList<long> Kernel, ValueList<long> Strides, ValueList<long> Dilations, ValueList<Dim> PadsBegin,
    long OffsetGroups, bool HasMask) : Op, IIndexFunction
{
    public override bool IsHeavy => true;

    private long Taps => Kernel[0] * Kernel[1];

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(HasMask ? 3 : 2);
        var (x, offset) = (c.Input(0), c.Input(1));
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        c.ExpectSameElement();
        for (var i = 0; i < c.InputCount; i++)
        {
            c.ExpectRank(i, 4);
            c.RequireEqual(c.Input(i).Shape[0], x.Shape[0], "batch");
        }

        if (Kernel.Count != 2 || Strides.Count != 2 || Dilations.Count != 2 || PadsBegin.Count != 2)
        {
            throw c.Error($"expects two numbers a list, found {Kernel}, {Strides}, {Dilations}, {PadsBegin}");
        }

        c.RequireEqual(offset.Shape[1], c.Dims.Const(OffsetGroups * Taps * 2), "offsets");
        c.Require(x.Shape[1], Relation.Divisible, c.Dims.Const(OffsetGroups), "channels");
        if (HasMask)
        {
            c.RequireEqual(c.Input(2).Shape[1], c.Dims.Const(OffsetGroups * Taps), "masks");
            c.RequireEqual(c.Input(2).Shape[2], offset.Shape[2], "mask height");
            c.RequireEqual(c.Input(2).Shape[3], offset.Shape[3], "mask width");
        }

        c.Output(x.Element, [x.Shape[0], x.Shape[1], c.Dims.Const(Taps), offset.Shape[2], offset.Shape[3]]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, offset, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var perGroup = x.Dims[1] / OffsetGroups;
        for (var i = 0L; i < output.Count; i++)
        {
            var at = RowMajor.Index(i, output.Dims);
            var channel = (at[1] / perGroup * Taps) + at[2];
            double Place(int axis) => (at[3 + axis] * Strides[axis]) - c.Dim(PadsBegin[axis])
                + ((axis == 0 ? at[2] / Kernel[1] : at[2] % Kernel[1]) * Dilations[axis])
                + offset.GetDouble(RowMajor.Position([at[0], (channel * 2) + axis, at[3], at[4]], offset.Dims));
            var (y, z) = (Place(0), Place(1));
            var (top, left) = (Math.Floor(y), Math.Floor(z));
            var sum = 0.0;
            for (var corner = 0; corner < 4; corner++)
            {
                var (row, column) = (top + (corner / 2), left + (corner % 2));
                if (row >= 0 && row < x.Dims[2] && column >= 0 && column < x.Dims[3])
                {
                    sum += (1 - Math.Abs(y - row)) * (1 - Math.Abs(z - column))
                        * x.GetDouble(RowMajor.Position([at[0], at[1], (long)row, (long)column], x.Dims));
                }
            }

            output.SetDouble(i, HasMask ? sum * c.Input(2).GetDouble(RowMajor.Position([at[0], channel, at[3], at[4]], c.Input(2).Dims)) : sum);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var k = c.Kernel;
        var x = c.InputType(0);
        var real = x.Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        var group = c.Math.DivMod(index[1], x.Shape[1].FloorDiv(OffsetGroups)).Quotient;
        var channel = k.Let((group * Taps) + index[2]);
        var tap = c.Math.DivMod(index[2], x.Shape[0].Context.Const(Kernel[1]));
        var (y, top, rowWeight) = Place(0, tap.Quotient);
        var (z, left, columnWeight) = Place(1, tap.Remainder);
        var sum = ExprFactory.Float(0, real);
        for (var corner = 0; corner < 4; corner++)
        {
            var (row, column) = (top + (corner / 2), left + (corner % 2));
            var inside = ExprFactory.And(IsInside(row, x.Shape[2]), IsInside(column, x.Shape[3]));
            var value = c.Guarded(inside, () => c.Input(0, index[0], index[1], row, column), ExprFactory.Literal(0, x.Element));
            var one = ExprFactory.Float(1, real);
            sum += (corner / 2 == 1 ? rowWeight : one - rowWeight) * (corner % 2 == 1 ? columnWeight : one - columnWeight)
                * ExprFactory.Cast(real, value);
        }

        if (HasMask)
        {
            sum *= ExprFactory.Cast(real, c.Input(2, index[0], channel, index[3], index[4]));
        }

        return ExprFactory.Cast(x.Element, sum);

        (Expr Position, Expr Floor, Expr Fraction) Place(int axis, Expr number)
        {
            var regular = (index[3 + axis] * Strides[axis]) + (number * Dilations[axis]) - c.Dim(PadsBegin[axis]);
            var moved = k.Let(ExprFactory.Cast(real, regular)
                + ExprFactory.Cast(real, c.Input(1, index[0], (channel * 2) + axis, index[3], index[4])));

            // A place far outside must not overflow on its way to an index.
            moved = k.Let(ExprFactory.Max(ExprFactory.Min(moved, ExprFactory.Cast(real, c.Dim(x.Shape[2 + axis]))), ExprFactory.Float(-2, real)));
            var floor = k.Let(ExprFactory.Unary(UnaryOp.Floor, moved));
            return (moved, k.Let(ExprFactory.Cast(ElementType.Int64, floor)), k.Let(moved - floor));
        }

        Expr IsInside(Expr at, Dim extent) =>
            ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), at), ExprFactory.Less(at, c.Dim(extent)));
    }
}
