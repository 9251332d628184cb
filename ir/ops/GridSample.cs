using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>
/// Samples input 0 <c>[N, C, D1...Dr]</c> at the points of input 1 <c>[N, O1...Or, r]</c> (floats; -1 and 1 are the borders, the last spatial axis
/// comes first in a point), giving <c>[N, C, O1...Or]</c> (ONNX GridSample).
/// </summary>
public sealed record GridSample(ResizeMode Mode, GridPadding Padding, bool AlignCorners) : Op, IIndexFunction
{
    private const double CubicA = -0.75;

    public override bool IsHeavy => Mode == ResizeMode.Cubic;

    public override void Infer(InferContext c)
    {
        c.ExpectInputs(2);
        c.ExpectElement(1, t => t.IsFloat(), "a float tensor");
        var (data, grid) = (c.Input(0), c.Input(1));
        var spatial = data.Rank - 2;
        if (spatial < 1 || grid.Rank != data.Rank)
        {
            throw c.Error($"expects data [N, C, D...] and points of its rank, found {data} and {grid}");
        }

        c.RequireEqual(data.Shape[0], grid.Shape[0], "the batch");
        c.RequireEqual(grid.Shape[^1], c.Dims.Const(spatial), "the coordinates of a point");
        c.Output(data.Element, new Shape([data.Shape[0], data.Shape[1], .. grid.Shape.Dims[1..^1]]));
    }

    public override void Evaluate(EvaluateContext c)
    {
        var (data, grid, output) = (c.Input(0), c.Input(1), c.NewOutput());
        var rank = data.Rank - 2;
        var taps = Mode switch { ResizeMode.Nearest => 1, ResizeMode.Linear => 2, _ => 4 };
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            var point = RowMajor.Position([index[0], .. index[2..], 0], grid.Dims);
            var x = new double[rank];
            for (var axis = 0; axis < rank; axis++)
            {
                x[axis] = Coordinate(grid.GetDouble(point + rank - 1 - axis), data.Dims[axis + 2]);
            }

            var sum = 0.0;
            var choices = (long)Math.Pow(taps, rank);
            var dims = Enumerable.Repeat((long)taps, rank).ToArray();
            for (var choice = 0L; choice < choices; choice++)
            {
                var picks = RowMajor.Index(choice, dims);
                var weight = 1.0;
                for (var axis = 0; axis < rank; axis++)
                {
                    var floor = Math.Floor(x[axis]);
                    var at = taps == 1 ? x[axis] : floor + picks[axis] - ((taps / 2) - 1);
                    weight *= taps == 1 ? 1 : taps == 2 ? Interpolation.Triangle(x[axis] - at) : Interpolation.Cubic(x[axis] - at, CubicA);
                    var pixel = Pixel(at, data.Dims[axis + 2]);
                    weight = pixel < 0 ? 0 : weight;
                    index[axis + 2] = Math.Max(pixel, 0);
                }

                sum += weight == 0 ? 0 : weight * data.GetDouble(RowMajor.Position(index, data.Dims));
            }

            output.SetDouble(i, sum);
        }
    }

    public Expr At(IndexContext c, Expr[] index)
    {
        var (data, grid) = (c.InputType(0), c.InputType(1));
        var rank = data.Rank - 2;
        var compute = data.Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;
        var x = new Expr[rank];
        for (var axis = 0; axis < rank; axis++)
        {
            var point = ExprFactory.Cast(compute, c.Input(1, [index[0], .. index[2..], ExprFactory.Int(rank - 1 - axis)]));
            x[axis] = c.Kernel.Let(Coordinate(point, c.Dim(data.Shape[axis + 2])), "x");
        }

        Expr Visit(int axis, Expr[] source, Expr inside)
        {
            if (axis == rank)
            {
                return ExprFactory.Cast(compute,
                    c.Guarded(inside, () => c.Input(0, source), ExprFactory.Literal(0, data.Element)));
            }

            Expr Tap(Expr at)
            {
                var extent = c.Dim(data.Shape[axis + 2]);
                var pixel = c.Kernel.Let(Pixel(at, extent), "pixel");
                var inner = (Expr[])source.Clone();
                inner[axis + 2] = pixel;

                // Without zeros around, every pixel is inside but for an extent of 0.
                var reads = Padding == GridPadding.Zeros
                    ? ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), pixel), ExprFactory.Less(pixel, extent))
                    : ExprFactory.Less(ExprFactory.Int(0), extent);
                return Visit(axis + 1, inner, ExprFactory.And(inside, reads));
            }

            if (Mode == ResizeMode.Nearest)
            {
                return Tap(x[axis]);
            }

            var floor = c.Kernel.Let(ExprFactory.Unary(UnaryOp.Floor, x[axis]), "floor");
            Expr? sum = null;
            foreach (var offset in Mode == ResizeMode.Linear ? new[] { 0, 1 } : [-1, 0, 1, 2])
            {
                var at = floor + ExprFactory.Float(offset, compute);
                var distance = x[axis] - at;
                var weight = Mode == ResizeMode.Linear ? Interpolation.Triangle(distance) : Interpolation.Cubic(distance, CubicA);
                var term = c.Kernel.Let(weight, "weight") * Tap(at);
                sum = sum is null ? term : sum + term;
            }

            return sum!;
        }

        return ExprFactory.Cast(data.Element, Visit(0, (Expr[])index.Clone(), ExprFactory.Bool(true)));
    }

    private (double Low, double High) Borders(double extent) => AlignCorners ? (0, extent - 1) : (-0.5, extent - 0.5);

    private double Coordinate(double point, long extent)
    {
        var x = AlignCorners ? (point + 1) / 2 * (extent - 1) : (((point + 1) * extent) - 1) / 2;
        x = Mode == ResizeMode.Nearest ? Math.Round(x, MidpointRounding.ToEven) : x;
        return Padding switch
        {
            GridPadding.Border => Math.Clamp(x, 0, extent - 1),
            GridPadding.Reflection => Reflect(x, extent),
            _ => x,
        };
    }

    private Expr Coordinate(Expr point, Expr extent)
    {
        Expr Number(double value) => ExprFactory.Float(value, point.Type);
        var n = Interpolation.ToFloat(extent, point.Type);
        var x = AlignCorners
            ? (point + Number(1)) * Number(0.5) * (n - Number(1))
            : (((point + Number(1)) * n) - Number(1)) * Number(0.5);
        x = Mode == ResizeMode.Nearest ? ExprFactory.Unary(UnaryOp.Round, x) : x;
        return Padding switch
        {
            GridPadding.Border => ExprFactory.Max(ExprFactory.Min(x, n - Number(1)), Number(0)),
            GridPadding.Reflection => Reflect(x, n),
            _ => x,
        };
    }

    private double Reflect(double x, long extent)
    {
        var (low, high) = Borders(extent);
        if (x >= low && x <= high)
        {
            return x;
        }

        var range = high - low;
        var phase = range == 0 ? 0 : (x - low) - (2 * range * Math.Floor((x - low) / (2 * range)));
        return low + (phase <= range ? phase : (2 * range) - phase);
    }

    private Expr Reflect(Expr x, Expr n)
    {
        Expr Number(double value) => ExprFactory.Float(value, x.Type);
        var low = Number(AlignCorners ? 0 : -0.5);
        var range = AlignCorners ? n - Number(1) : n;
        var phase = ExprFactory.Binary(BinaryOp.Mod, x - low, Number(2) * range);
        var mirrored = low + ExprFactory.Min(phase, (Number(2) * range) - phase);
        var isInside = ExprFactory.And(ExprFactory.LessOrEqual(low, x), ExprFactory.LessOrEqual(x, low + range));
        return ExprFactory.Select(isInside, x, mirrored);
    }

    /// <summary>The element at an integral coordinate, -1 for none.</summary>
    private long Pixel(double at, long extent)
    {
        if (Padding == GridPadding.Zeros)
        {
            return at >= 0 && at < extent ? (long)at : -1;
        }

        return Math.Clamp((long)(Padding == GridPadding.Reflection ? Reflect(at, extent) : at), 0, extent - 1);
    }

    /// <summary>The same; in mode Zeros it may lie outside.</summary>
    private Expr Pixel(Expr at, Expr extent)
    {
        if (Padding == GridPadding.Zeros)
        {
            return Interpolation.ToIndex(at);
        }

        var inside = Padding == GridPadding.Reflection ? Reflect(at, Interpolation.ToFloat(extent, at.Type)) : at;
        return Interpolation.Clamp(Interpolation.ToIndex(inside), extent);
    }
}
