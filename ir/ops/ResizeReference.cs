namespace Dlc.IR.Ops;

/// <summary>The reference semantics of <see cref="Resize"/>, one output element at a time.</summary>
internal static class ResizeReference
{
    public static void Fill(Resize op, EvaluateContext c)
    {
        var (input, output) = (c.Input(0), c.NewOutput());
        var scales = new float[op.Axes.Count];
        for (var n = 0; n < scales.Length; n++)
        {
            scales[n] = c.InputCount > 1 ? (float)c.Input(1).GetDouble(n)
                : op.Scales.Count != 0 ? (float)op.Scales[n]
                : (float)output.Dims[op.Axes[n]] / input.Dims[op.Axes[n]];
        }

        var region = c.InputCount > 2
            ? [.. Enumerable.Range(0, 2 * op.Axes.Count).Select(i => (float)c.Input(2).GetDouble(i))] : op.Region.Select(r => (float)r).ToArray();
        for (var i = 0L; i < output.Count; i++)
        {
            var index = RowMajor.Index(i, output.Dims);
            var taps = new List<(long Index, double Weight)>[op.Axes.Count];
            var isInside = true;
            for (var n = 0; n < taps.Length; n++)
            {
                var axis = op.Axes[n];
                var x = Coordinate(op, region, n, index[axis], input.Dims[axis], output.Dims[axis], scales[n]);
                isInside &= op.Coordinates != CoordinateMode.CropAndResize || (x >= 0 && x <= input.Dims[axis] - 1);
                taps[n] = Taps(op, x, input.Dims[axis], scales[n]);
            }

            if (!isInside)
            {
                output.SetDouble(i, op.Extrapolation);
            }
            else if (op.Mode == ResizeMode.Nearest)
            {
                for (var n = 0; n < taps.Length; n++)
                {
                    index[op.Axes[n]] = taps[n][0].Index;
                }

                output.CopyElement(i, input, RowMajor.Position(index, input.Dims));
            }
            else
            {
                output.SetDouble(i, Sum(op, input, index, taps));
            }
        }
    }

    private static float Coordinate(Resize op, float[] region, int position, long i, long extent, long outputExtent, float scale)
    {
        var length = scale * extent;
        switch (op.Coordinates)
        {
            case CoordinateMode.HalfPixel:
                return ((i + 0.5f) / scale) - 0.5f;
            case CoordinateMode.HalfPixelSymmetric:
                return (extent / 2f * (1 - (outputExtent / length))) + ((i + 0.5f) / scale) - 0.5f;
            case CoordinateMode.PytorchHalfPixel:
                return outputExtent == 1 ? 0 : ((i + 0.5f) / scale) - 0.5f;
            case CoordinateMode.AlignCorners:
                return outputExtent == 1 ? 0 : i * (float)(extent - 1) / (length - 1);
            case CoordinateMode.Asymmetric:
                return i / scale;
            case CoordinateMode.TfHalfPixelForNearest:
                return (i + 0.5f) / scale;
            case CoordinateMode.CropAndResize:
                var (start, end) = (region[position], region[position + op.Axes.Count]);
                return outputExtent == 1
                    ? 0.5f * (start + end) * (extent - 1)
                    : (start * (extent - 1)) + (i * (end - start) * (extent - 1) / (length - 1));
            default:
                throw new InvalidOperationException($"unknown coordinate mode {op.Coordinates}");
        }
    }

    private static List<(long Index, double Weight)> Taps(Resize op, float x, long extent, float scale)
    {
        var floor = (long)Math.Floor(x);
        if (op.Mode == ResizeMode.Nearest)
        {
            var nearest = op.Nearest switch
            {
                NearestMode.RoundPreferFloor => (long)Math.Ceiling(x - 0.5f),
                NearestMode.RoundPreferCeil => (long)Math.Floor(x + 0.5f),
                NearestMode.Floor => floor,
                NearestMode.Ceil => (long)Math.Ceiling(x),
                _ => throw new InvalidOperationException($"unknown nearest mode {op.Nearest}"),
            };
            return [(Math.Clamp(nearest, 0, extent - 1), 1)];
        }

        var shrink = op.Antialias ? Math.Min(scale, 1f) : 1f;
        var radius = (op.Mode == ResizeMode.Linear ? 1 : 2) / shrink;
        var first = (long)Math.Floor(-radius) + 1;
        var taps = new List<(long, double)>();
        var total = 0.0;
        for (var k = first; k < 2 - first; k++)
        {
            var distance = (k - (x - floor)) * shrink;
            var weight = op.Mode == ResizeMode.Linear ? Interpolation.Triangle(distance) : Interpolation.Cubic(distance, op.CubicA);
            var at = floor + k;
            weight = op.ExcludeOutside && (at < 0 || at >= extent) ? 0 : weight;
            taps.Add((Math.Clamp(at, 0, extent - 1), weight));
            total += weight;
        }

        return [.. taps.Select(tap => (tap.Item1, tap.Item2 / total))];
    }

    private static double Sum(Resize op, Tensor input, long[] index, List<(long Index, double Weight)>[] taps)
    {
        var sum = 0.0;
        var choices = RowMajor.Count([.. taps.Select(t => (long)t.Count)]);
        for (var choice = 0L; choice < choices; choice++)
        {
            var picks = RowMajor.Index(choice, [.. taps.Select(t => (long)t.Count)]);
            var weight = 1.0;
            for (var n = 0; n < taps.Length; n++)
            {
                (index[op.Axes[n]], var own) = taps[n][(int)picks[n]];
                weight *= own;
            }

            sum += weight * input.GetDouble(RowMajor.Position(index, input.Dims));
        }

        return sum;
    }
}
