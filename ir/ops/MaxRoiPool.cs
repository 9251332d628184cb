using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// The greatest element of each cell of a grid over regions of <c>x [N, C, H, W]</c>, to <c>[R, C, Height, Width]</c> (ONNX MaxRoiPool). The other input is
/// <c>regions [R, 5]</c>: image, x, y, last x, last y, in units of 1/Scale pixels. An empty cell gives 0; an image out of range is a run-time error.
/// </summary>
public sealed record MaxRoiPool(long Height, long Width, double Scale) : Op, ILoops
{
    private const string Message = "a region of MaxRoiPool names an image out of range";

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        var (x, regions) = (c.Input(0), c.Input(1));
        c.ExpectElement(0, t => t.IsFloat(), "a float tensor");
        c.ExpectSameElement();
        c.ExpectRank(0, 4);
        c.ExpectRank(1, 2);
        c.RequireEqual(regions.Shape[1], c.Dims.Const(5), "numbers of a region");
        c.Output(x.Element, [regions.Shape[0], x.Shape[1], c.Dims.Const(Height), c.Dims.Const(Width)]);
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (x, regions, output) = (c.Input(0), c.Input(1), c.NewOutput());
        for (var o = 0L; o < output.Count; o++)
        {
            var at = RowMajor.Index(o, output.Dims);
            double Number(int i) => regions.GetDouble((at[0] * 5) + i);
            var image = (long)Number(0);
            if (image < 0 || image >= x.Dims[0])
            {
                throw EvaluateContext.Error(Message);
            }

            var (top, bottom) = Cell(Number(2), Number(4), at[2], Height, x.Dims[2]);
            var (left, right) = Cell(Number(1), Number(3), at[3], Width, x.Dims[3]);
            var best = top < bottom && left < right ? double.NegativeInfinity : 0;
            for (var y = top; y < bottom; y++)
            {
                for (var z = left; z < right; z++)
                {
                    best = Math.Max(best, x.GetDouble(RowMajor.Position([image, at[1], y, z], x.Dims)));
                }
            }

            output.SetDouble(o, best);
        }

        (long Start, long End) Cell(double from, double to, long n, long cells, long extent)
        {
            var first = (long)Round(from);
            var size = Math.Max((long)Round(to) - first + 1, 1) / (double)cells;
            return (Math.Clamp((long)Math.Floor(n * size) + first, 0, extent), Math.Clamp((long)Math.Ceiling((n + 1) * size) + first, 0, extent));
        }

        double Round(double edge) => Math.Floor((edge * Scale) + 0.5);
    }

    public void Lower(LoopContext c)
    {
        var (type, channels) = (c.InputType(0), c.InputType(0).Shape[1]);
        var real = type.Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        var k = c.NewKernel("max_roi_pool");
        var (x, regions, output) = (c.Input(k, 0), c.Input(k, 1), c.Output(k, 0));
        var zero = ExprFactory.Int(0);
        k.Parallel(c.InputType(1).Shape[0] * channels, item =>
        {
            var (region, channel) = c.Math.DivMod(item, channels);
            region = k.Let(region);
            Expr Number(int i) => ExprFactory.Cast(real, ExprFactory.Load(regions, (region * 5) + i));
            var image = k.Let(ExprFactory.Cast(ElementType.Int64, Number(0)));
            var isValid = k.Let(ExprFactory.And(ExprFactory.LessOrEqual(zero, image), ExprFactory.Less(image, ExprFactory.Dim(type.Shape[0]))));
            k.Check(isValid, Message);
            var plane = k.Let(((image * ExprFactory.Dim(channels)) + channel) * ExprFactory.Dim(type.Shape[2] * type.Shape[3]));
            k.Serial(ExprFactory.Int(Height), i => k.Serial(ExprFactory.Int(Width), j =>
            {
                var (top, bottom) = Cell(2, i, Height, type.Shape[2]);
                var (left, right) = Cell(1, j, Width, type.Shape[3]);
                var isEmpty = ExprFactory.Or(ExprFactory.LessOrEqual(bottom, top), ExprFactory.LessOrEqual(right, left));
                var best = k.Declare(ExprFactory.Select(isEmpty, ExprFactory.Literal(0, type.Element), ReduceKind.Max.Neutral(type.Element)));
                k.Serial(top, bottom, y => k.Serial(left, right, z => k.Assign(best, ExprFactory.Max(ExprFactory.Read(best),
                    ExprFactory.Load(x, plane + (y * ExprFactory.Dim(type.Shape[3])) + z, isValid)))));
                k.Store(output, (((item * Height) + i) * Width) + j, ExprFactory.Read(best));
            }));

            (Expr Start, Expr End) Cell(int axis, Expr n, long cells, Dim extent)
            {
                var first = k.Let(Round(Number(axis)));
                var size = ExprFactory.Max(Round(Number(axis + 2)) - first + 1, ExprFactory.Int(1));
                var cell = k.Let(ExprFactory.Binary(BinaryOp.Div, ExprFactory.Cast(real, size), ExprFactory.Float(cells, real)));
                return (Edge(UnaryOp.Floor, n), Edge(UnaryOp.Ceil, n + 1));
                Expr Edge(UnaryOp rounding, Expr at) => k.Let(ExprFactory.Max(zero, ExprFactory.Min(ExprFactory.Dim(extent), first
                    + ExprFactory.Cast(ElementType.Int64, ExprFactory.Unary(rounding, ExprFactory.Cast(real, at) * cell)))));
            }
        });
        c.Launch(k, c.Dims.Const(Height * Width * 16));
        Expr Round(Expr edge) => ExprFactory.Cast(ElementType.Int64,
            ExprFactory.Unary(UnaryOp.Floor, (edge * ExprFactory.Float(Scale, real)) + ExprFactory.Float(0.5, real)));
    }
}
