using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Pools regions of interest of <c>x [N, C, H, W]</c> into <c>[R, C, Height, Width]</c> by bilinear samples (ONNX RoiAlign). Inputs besides:
/// <c>regions [R, 4]</c> (x, y, end x, end y) and the image of each, i64 <c>[R]</c>. Each output averages <c>SamplingRatio</c> squared samples, or as many as the
/// region has pixels where that is 0; with <paramref name="IsMaximum"/> it takes the greatest weighted corner of any sample instead, as
/// ONNX does. With <paramref name="IsHalfPixel"/> coordinates are those of pixel centers. An image out of range is a run-time error.
/// </summary>
public sealed record RoiAlign(long Height, long Width, long SamplingRatio, double Scale, bool IsMaximum, bool IsHalfPixel) : Op, ILoops
{
    private const string Message = "a region of RoiAlign names an image out of range";

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(3);
        var (x, regions) = (c.Input(0), c.Input(1));
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        c.ExpectSameElement(0, 1);
        c.ExpectRank(0, 4);
        c.ExpectRank(1, 2);
        c.ExpectRank(2, 1);
        c.ExpectElement(2, t => t == ElementType.Int64, "i64 image numbers");
        c.RequireEqual(regions.Shape[1], c.Dims.Const(4), "numbers of a region");
        c.RequireEqual(regions.Shape[0], c.Input(2).Shape[0], "regions");
        c.Output(x.Element, [regions.Shape[0], x.Shape[1], c.Dims.Const(Height), c.Dims.Const(Width)]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, regions, images, output) = (c.Input(0), c.Input(1), c.Input(2), c.NewOutput());
        var (channels, h, w) = (x.Dims[1], x.Dims[2], x.Dims[3]);
        for (var o = 0L; o < output.Count; o++)
        {
            var at = RowMajor.Index(o, output.Dims);
            var image = images.GetLong(at[0]);
            if (image < 0 || image >= x.Dims[0])
            {
                throw EvaluateContext.Error(Message);
            }

            var plane = ((image * channels) + at[1]) * h * w;
            var (top, binHeight, rows) = Bins(regions.GetDouble((at[0] * 4) + 1), regions.GetDouble((at[0] * 4) + 3), Height);
            var (left, binWidth, columns) = Bins(regions.GetDouble(at[0] * 4), regions.GetDouble((at[0] * 4) + 2), Width);
            var (sum, best) = (0.0, double.NegativeInfinity);
            for (var sample = 0L; sample < rows * columns; sample++)
            {
                var y = top + (at[2] * binHeight) + (((sample / columns) + 0.5) * binHeight / rows);
                var z = left + (at[3] * binWidth) + (((sample % columns) + 0.5) * binWidth / columns);
                var isInside = y >= -1 && y <= h && z >= -1 && z <= w;
                var (y0, y1, fy) = Corner(y, h);
                var (x0, x1, fx) = Corner(z, w);
                double[] parts = isInside
                    ? [
                        (1 - fy) * (1 - fx) * x.GetDouble(plane + (y0 * w) + x0), (1 - fy) * fx * x.GetDouble(plane + (y0 * w) + x1),
                        fy * (1 - fx) * x.GetDouble(plane + (y1 * w) + x0), fy * fx * x.GetDouble(plane + (y1 * w) + x1),
                    ]
                    : [0.0];
                sum += parts.Sum();
                best = Math.Max(best, parts.Max());
            }

            output.SetDouble(o, rows * columns == 0 ? 0 : IsMaximum ? best : sum / (rows * columns));
        }

        (double Start, double Bin, long Samples) Bins(double from, double to, long count)
        {
            var start = (from * Scale) - (IsHalfPixel ? 0.5 : 0);
            var size = (to * Scale) - (IsHalfPixel ? 0.5 : 0) - start;
            size = IsHalfPixel ? size : Math.Max(size, 1);
            return (start, size / count, Math.Max(0, SamplingRatio > 0 ? SamplingRatio : (long)Math.Ceiling(size / count)));
        }

        static (long Low, long High, double Fraction) Corner(double position, long extent)
        {
            position = Math.Clamp(position, 0, Math.Max(0, extent - 1));
            var low = (long)position;
            return (low, Math.Min(low + 1, Math.Max(0, extent - 1)), position - low);
        }
    }

    public void Lower(LoopContext c)
    {
        var (type, count) = (c.InputType(0), c.InputType(1).Shape[0]);
        var (images, channels) = (ExprFactory.Dim(type.Shape[0]), type.Shape[1]);
        var (h, w) = (type.Shape[2], type.Shape[3]);
        var real = type.Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        var k = c.NewKernel("roi_align");
        var (x, regions, numbers, output) = (c.Input(k, 0), c.Input(k, 1), c.Input(k, 2), c.Output(k, 0));
        var (zero, none) = (ExprFactory.Int(0), Real(0));
        k.Parallel(count * channels, item =>
        {
            var (region, channel) = c.Math.DivMod(item, channels);
            region = k.Let(region);
            var image = k.Let(ExprFactory.Load(numbers, region));
            var isValid = k.Let(ExprFactory.And(ExprFactory.LessOrEqual(zero, image), ExprFactory.Less(image, images)));
            k.Check(isValid, Message);
            var plane = k.Let(((image * ExprFactory.Dim(channels)) + channel) * ExprFactory.Dim(h * w));
            var (top, binHeight, rows) = Bins(1, Height);
            var (left, binWidth, columns) = Bins(0, Width);
            var samples = k.Let(ExprFactory.Cast(real, rows * columns));
            k.Serial(ExprFactory.Int(Height), i => k.Serial(ExprFactory.Int(Width), j =>
            {
                var total = k.Declare(IsMaximum ? ReduceKind.Max.Neutral(real) : none, "total");
                k.Serial(rows, row => k.Serial(columns, column =>
                {
                    var y = k.Let(Sample(top, binHeight, i, row, rows));
                    var z = k.Let(Sample(left, binWidth, j, column, columns));
                    var isInside = k.Let(ExprFactory.And(isValid, ExprFactory.And(IsNear(y, h), IsNear(z, w))));
                    var (y0, y1, fy) = Corner(y, h);
                    var (x0, x1, fx) = Corner(z, w);
                    var one = Real(1);
                    Expr[] parts =
                    [
                        (one - fy) * (one - fx) * At(y0, x0), (one - fy) * fx * At(y0, x1),
                        fy * (one - fx) * At(y1, x0), fy * fx * At(y1, x1),
                    ];
                    k.Assign(total, IsMaximum
                        ? parts.Aggregate(ExprFactory.Read(total), ExprFactory.Max) : parts.Aggregate(ExprFactory.Read(total), (a, b) => a + b));
                    Expr At(Expr yy, Expr xx) =>
                        ExprFactory.Cast(real, ExprFactory.Load(x, plane + (yy * ExprFactory.Dim(w)) + xx, isInside));
                }));
                var value = IsMaximum ? ExprFactory.Read(total) : Divide(ExprFactory.Read(total), samples);
                value = ExprFactory.Select(ExprFactory.Less(none, samples), value, none);
                k.Store(output, (((item * Height) + i) * Width) + j, ExprFactory.Cast(type.Element, value));
            }));

            (Expr Start, Expr Bin, Expr Samples) Bins(int axis, long bins)
            {
                var offset = Real(IsHalfPixel ? 0.5 : 0);
                Expr Edge(int n) =>
                    (ExprFactory.Cast(real, ExprFactory.Load(regions, (region * 4) + n)) * Real(Scale)) - offset;
                var start = k.Let(Edge(axis));
                var size = Edge(axis + 2) - start;
                var bin = k.Let(Divide(IsHalfPixel ? size : ExprFactory.Max(size, Real(1)), Real(bins)));
                var number = SamplingRatio > 0 ? ExprFactory.Int(SamplingRatio)
                    : ExprFactory.Max(ExprFactory.Cast(ElementType.Int64, ExprFactory.Unary(UnaryOp.Ceil, bin)), zero);
                return (start, bin, k.Let(number));
            }

            (Expr Low, Expr High, Expr Fraction) Corner(Expr position, Dim extent)
            {
                var last = ExprFactory.Max(ExprFactory.Dim(extent - 1), zero);
                var inside = k.Let(ExprFactory.Min(ExprFactory.Max(position, none), ExprFactory.Cast(real, last)));
                var low = k.Let(ExprFactory.Cast(ElementType.Int64, inside));
                return (low, k.Let(ExprFactory.Min(low + 1, last)), k.Let(inside - ExprFactory.Cast(real, low)));
            }
        });
        c.Launch(k, c.Dims.Const(Height * Width * Math.Max(1, SamplingRatio * SamplingRatio) * 20));

        Expr Sample(Expr start, Expr bin, Expr n, Expr sample, Expr samples) => start + (ExprFactory.Cast(real, n) * bin)
            + Divide((ExprFactory.Cast(real, sample) + Real(0.5)) * bin, ExprFactory.Cast(real, samples));
        Expr IsNear(Expr position, Dim extent) => ExprFactory.And(ExprFactory.LessOrEqual(Real(-1), position),
            ExprFactory.And(ExprFactory.LessOrEqual(position, ExprFactory.Cast(real, ExprFactory.Dim(extent))),
                ExprFactory.Less(zero, ExprFactory.Dim(extent))));
        Expr Real(double value) => ExprFactory.Float(value, real);
        static Expr Divide(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Div, a, b);
    }
}
