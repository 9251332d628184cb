using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Writes the element of a <see cref="Resize"/> into a kernel.</summary>
internal sealed class ResizeIndexFunction(Resize op, IndexContext c)
{
    private readonly ElementType _element = c.InputType(0).Element;
    private readonly ElementType _compute = c.InputType(0).Element == ElementType.Float64 ? ElementType.Float64 : ElementType.Float32;

    public Expr At(Expr[] index)
    {
        var source = (Expr[])index.Clone();
        var coordinates = new Expr[op.Axes.Count];
        var inside = ExprFactory.Bool(true);
        for (var n = 0; n < coordinates.Length; n++)
        {
            var axis = op.Axes[n];
            if (op.Repeats(n, c.InputType(0).Shape[axis]) is { } factor)
            {
                source[axis] = ExprFactory.Binary(BinaryOp.FloorDiv, index[axis], ExprFactory.Int(factor));
                coordinates[n] = source[axis];
                continue;
            }

            var x = c.Kernel.Let(Coordinate(n, index[axis]), "x");
            coordinates[n] = x;
            if (op.Coordinates == CoordinateMode.CropAndResize)
            {
                var last = Interpolation.ToFloat(Extent(n) - 1);
                inside = ExprFactory.And(inside, ExprFactory.And(
                    ExprFactory.LessOrEqual(Number(0), x), ExprFactory.LessOrEqual(x, last)));
            }

            if (op.Mode == ResizeMode.Nearest)
            {
                source[axis] = c.Kernel.Let(Interpolation.Clamp(Interpolation.ToIndex(NearestOf(x)), Extent(n)), "nearest");
            }
        }

        var value = op.Mode == ResizeMode.Nearest ? c.Input(0, source)
            : op.Antialias ? Filtered(source, coordinates)
            : ExprFactory.Cast(_element, Interpolated(source, coordinates, 0));
        return ExprFactory.Select(inside, value, ExprFactory.Literal(op.Extrapolation, _element));
    }

    private static Expr Number(double value) => ExprFactory.Float(value);

    private Expr Extent(int n) => c.Dim(c.InputType(0).Shape[op.Axes[n]]);

    private Expr Scale(int n)
    {
        if (c.InputCount > 1)
        {
            return c.Kernel.Let(c.Input(1, ExprFactory.Int(n)), "scale");
        }

        return op.Scales.Count != 0
            ? Number((float)op.Scales[n])
            : ExprFactory.Binary(BinaryOp.Div, Interpolation.ToFloat(c.Dim(op.To[op.Axes[n]])), Interpolation.ToFloat(Extent(n)));
    }

    /// <summary>A number of the region.</summary>
    private Expr Bound(int position) => c.InputCount > 2
        ? c.Kernel.Let(c.Input(2, ExprFactory.Int(position)), "region") : Number((float)op.Region[position]);

    private Expr Coordinate(int n, Expr index)
    {
        Expr Over(Expr a, Expr b) => ExprFactory.Binary(BinaryOp.Div, a, b);
        var i = Interpolation.ToFloat(index);
        var scale = Scale(n);
        var extent = Interpolation.ToFloat(Extent(n));
        var last = extent - Number(1);
        var outputDim = op.To[op.Axes[n]];
        var isSingle = ExprFactory.Equal(c.Dim(outputDim), ExprFactory.Int(1));
        switch (op.Coordinates)
        {
            case CoordinateMode.HalfPixel:
                return Over(i + Number(0.5), scale) - Number(0.5);
            case CoordinateMode.HalfPixelSymmetric:
                var adjustment = Over(Interpolation.ToFloat(c.Dim(outputDim)), scale * extent);
                return (extent * Number(0.5) * (Number(1) - adjustment)) + Over(i + Number(0.5), scale) - Number(0.5);
            case CoordinateMode.PytorchHalfPixel:
                return ExprFactory.Select(isSingle, Number(0), Over(i + Number(0.5), scale) - Number(0.5));
            case CoordinateMode.AlignCorners:
                return ExprFactory.Select(isSingle, Number(0), Over(i * last, (scale * extent) - Number(1)));
            case CoordinateMode.Asymmetric:
                return Over(i, scale);
            case CoordinateMode.TfHalfPixelForNearest:
                return Over(i + Number(0.5), scale);
            case CoordinateMode.CropAndResize:
                var (start, end) = (Bound(n), Bound(n + op.Axes.Count));
                return ExprFactory.Select(isSingle, Number(0.5) * (start + end) * last,
                    (start * last) + Over(i * (end - start) * last, (scale * extent) - Number(1)));
            default:
                throw new InvalidOperationException($"unknown coordinate mode {op.Coordinates}");
        }
    }

    private Expr NearestOf(Expr x) => op.Nearest switch
    {
        NearestMode.RoundPreferFloor => ExprFactory.Unary(UnaryOp.Ceil, x - Number(0.5)),
        NearestMode.RoundPreferCeil => ExprFactory.Unary(UnaryOp.Floor, x + Number(0.5)),
        NearestMode.Floor => ExprFactory.Unary(UnaryOp.Floor, x),
        NearestMode.Ceil => ExprFactory.Unary(UnaryOp.Ceil, x),
        _ => throw new InvalidOperationException($"unknown nearest mode {op.Nearest}"),
    };

    /// <summary>The weighted sum over the taps of the axes from <paramref name="n"/> on, unrolled.</summary>
    private Expr Interpolated(Expr[] source, Expr[] coordinates, int n)
    {
        if (n == coordinates.Length)
        {
            return ExprFactory.Cast(_compute, c.Input(0, source));
        }

        var x = coordinates[n];
        var floor = c.Kernel.Let(ExprFactory.Unary(UnaryOp.Floor, x), "floor");
        var fraction = c.Kernel.Let(x - floor, "fraction");
        var low = c.Kernel.Let(Interpolation.ToIndex(floor), "low");
        var offsets = op.Mode == ResizeMode.Linear ? new[] { 0, 1 } : [-1, 0, 1, 2];
        var weights = new Expr[offsets.Length];
        Expr? total = null;
        for (var k = 0; k < offsets.Length; k++)
        {
            weights[k] = op.Mode == ResizeMode.Cubic ? Interpolation.Cubic(Number(offsets[k]) - fraction, op.CubicA)
                : k == 0 ? Number(1) - fraction : fraction;
            if (op.Mode == ResizeMode.Cubic && op.ExcludeOutside)
            {
                weights[k] = ExprFactory.Select(IsInside(low + offsets[k], n), weights[k], Number(0));
            }

            weights[k] = c.Kernel.Let(weights[k], "weight");
            total = total is null ? weights[k] : total + weights[k];
        }

        var inverse = op.Mode == ResizeMode.Cubic && op.ExcludeOutside
            ? c.Kernel.Let(ExprFactory.Binary(BinaryOp.Div, Number(1), total!), "inverse") : null;
        Expr? sum = null;
        for (var k = 0; k < offsets.Length; k++)
        {
            var inner = (Expr[])source.Clone();
            inner[op.Axes[n]] = c.Kernel.Let(Interpolation.Clamp(low + offsets[k], Extent(n)), "tap");
            var weight = inverse is null ? weights[k] : weights[k] * inverse;
            var term = ExprFactory.Cast(_compute, weight) * Interpolated(inner, coordinates, n + 1);
            sum = sum is null ? term : sum + term;
        }

        return sum!;
    }

    /// <summary>The weighted mean over windows whose width depends on the scale, as loops.</summary>
    private Expr Filtered(Expr[] source, Expr[] coordinates)
    {
        var sum = c.Kernel.Declare(ExprFactory.Float(0, _compute), "sum");
        var total = c.Kernel.Declare(ExprFactory.Float(0, _compute), "total");
        void Visit(int n, Expr weight)
        {
            if (n == coordinates.Length)
            {
                var own = ExprFactory.Cast(_compute, weight);
                c.Kernel.Assign(sum, ExprFactory.Read(sum) + (own * ExprFactory.Cast(_compute, c.Input(0, source))));
                c.Kernel.Assign(total, ExprFactory.Read(total) + own);
                return;
            }

            var floor = c.Kernel.Let(ExprFactory.Unary(UnaryOp.Floor, coordinates[n]), "floor");
            var fraction = c.Kernel.Let(coordinates[n] - floor, "fraction");
            var low = c.Kernel.Let(Interpolation.ToIndex(floor), "low");
            var shrink = c.Kernel.Let(ExprFactory.Min(Scale(n), Number(1)), "shrink");
            var radius = ExprFactory.Binary(BinaryOp.Div, Number(op.Mode == ResizeMode.Linear ? 1 : 2), shrink);
            var first = c.Kernel.Let(Interpolation.ToIndex(ExprFactory.Unary(UnaryOp.Floor, -radius)) + 1, "first");
            c.Kernel.Serial(first, ExprFactory.Int(2) - first, k =>
            {
                var distance = c.Kernel.Let((Interpolation.ToFloat(k) - fraction) * shrink, "distance");
                var own = op.Mode == ResizeMode.Linear ? Interpolation.Triangle(distance) : Interpolation.Cubic(distance, op.CubicA);
                own = op.ExcludeOutside ? ExprFactory.Select(IsInside(low + k, n), own, Number(0)) : own;
                source[op.Axes[n]] = c.Kernel.Let(Interpolation.Clamp(low + k, Extent(n)), "tap");
                Visit(n + 1, c.Kernel.Let(n == 0 ? own : weight * own, "weight"));
            });
        }

        Visit(0, Number(1));
        return ExprFactory.Cast(_element, ExprFactory.Binary(BinaryOp.Div, ExprFactory.Read(sum), ExprFactory.Read(total)));
    }

    private Expr IsInside(Expr index, int n) =>
        ExprFactory.And(ExprFactory.LessOrEqual(ExprFactory.Int(0), index), ExprFactory.Less(index, Extent(n)));
}
