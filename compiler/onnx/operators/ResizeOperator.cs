using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx.Operators;

/// <summary>
/// ONNX Resize and Upsample. The output's extents come from scales (an attribute in Upsample 7, an input since) or from sizes; either may be
/// computed at run time.
/// </summary>
internal sealed class ResizeOperator(string type) : IOnnxOperator
{
    private const int LargestDenominator = 4096;

    public string Type => type;

    public void Import(OnnxNode node)
    {
        var x = node.Input(0);
        var shape = x.Type.Shape;
        var isOld = type == "Upsample" || node.Opset < 11;
        var given = node.IntsOrNull("axes");
        var axes = node.Axes(given ?? [.. Enumerable.Range(0, shape.Rank).Select(i => (long)i)], shape.Rank);
        var scalesInput = isOld ? 1 : 2;
        var isSized = !isOld && node.HasInput(3) && node.ElementCount(3) > 0;

        var to = shape.Dims.ToArray();
        double[]? scales = null;
        Value? computed = null;
        if (isSized)
        {
            computed = FromSizes(node, shape, axes, to);
        }
        else
        {
            scales = type == "Upsample" && node.Opset < 9 ? [.. node.Floats("scales").Select(f => (double)f)] : Numbers(node, scalesInput);
            computed = scales is null ? FromComputedScales(node, shape, axes, to, scalesInput) : null;
            if (scales is not null)
            {
                FromScales(node, shape, axes, to, scales);
            }
        }

        var coordinates = isOld ? CoordinateMode.Asymmetric : Coordinates(node);
        var isCrop = coordinates == CoordinateMode.CropAndResize;
        var region = isCrop ? Numbers(node, 1) : [];
        if (isCrop && node.ElementCount(1) != 2 * axes.Length)
        {
            throw node.Error($"expects a region with two numbers for each of {axes.Length} axes, found {node.ElementCount(1)}");
        }

        if (region is null)
        {
            // Scales come before a region that is data, and so are data too.
            computed ??= scales is null ? Ratios(node, shape, axes, to)
                : node.Emit(Tensor.FromSpan<float>(ElementType.Float32, [.. scales.Select(s => (float)s)], scales.Length));
        }

        // Axes that stay as they are cost nothing.
        var kept = Enumerable.Range(0, axes.Length).Where(i => !IsUnchanged(i)).OrderBy(i => axes[i]).ToArray();
        bool IsUnchanged(int i) => ReferenceEquals(node.Facts.Simplify(to[axes[i]]), node.Facts.Simplify(shape[axes[i]]))
            && scales?[i] is null or 1 && computed is null
            && region is not null && (region.Length == 0 || (region[i] == 0 && region[i + axes.Length] == 1));
        if (kept.Length == 0)
        {
            node.SetOutput(0, node.Argument(0));
            return;
        }

        var op = new Resize
        {
            Mode = node.String("mode", "nearest") switch
            {
                "nearest" => ResizeMode.Nearest,
                "linear" or "bilinear" or "trilinear" => ResizeMode.Linear,
                "cubic" => ResizeMode.Cubic,
                var other => throw node.Error($"expects mode nearest, linear or cubic, found '{other}'"),
            },
            Coordinates = coordinates,
            Nearest = isOld ? NearestMode.Floor : Nearest(node),
            Axes = kept.Select(i => axes[i]).ToValueList(),
            To = new Shape([.. to]),
            Scales = scales is null ? [] : kept.Select(i => scales[i]).ToValueList(),
            Region = region is null or [] ? [] : kept.Select(i => region[i]).Concat(kept.Select(i => region[i + axes.Length])).ToValueList(),
            CubicA = node.Float("cubic_coeff_a", -0.75f),
            ExcludeOutside = node.Flag("exclude_outside"),
            Antialias = node.Flag("antialias"),
            Extrapolation = node.Float("extrapolation_value", 0),
        };
        if (computed is null)
        {
            node.SetOutput(0, node.Emit(op, x));
            return;
        }

        var scaleInput = Picked(node, computed, kept);
        node.SetOutput(0, region is not null ? node.Emit(op, x, scaleInput)
            : node.Emit(op, x, scaleInput, Picked(node, node.As(node.Input(1), ElementType.Float32), [.. kept, .. kept.Select(i => i + axes.Length)])));
    }

    private static double[]? Numbers(OnnxNode node, int input)
    {
        if (node.Constant(input) is not { } constant)
        {
            return node.HasInput(input) ? null : throw node.Error($"needs its input {input}");
        }

        return [.. Enumerable.Range(0, (int)constant.Count).Select(i => constant.GetDouble(i))];
    }

    private static void FromScales(OnnxNode node, Shape shape, int[] axes, Dim[] to, double[] scales)
    {
        if (scales.Length != axes.Length || scales.Any(s => !(s > 0) || double.IsInfinity(s)))
        {
            throw node.Error($"expects a positive scale for each of {axes.Length} axes, found [{string.Join(", ", scales)}]");
        }

        for (var i = 0; i < axes.Length; i++)
        {
            var extent = shape[axes[i]];
            if (extent.IsConstant)
            {
                to[axes[i]] = node.Dims.Const((long)MathF.Floor((float)extent.Constant * (float)scales[i]));
                continue;
            }

            var (numerator, denominator) = Fraction((float)scales[i]);
            to[axes[i]] = (extent * numerator).FloorDiv(denominator);
        }
    }

    /// <summary>The simplest fraction that rounds to the scale: 0.7f means 7/10, and ten times it is 7.</summary>
    private static (long Numerator, long Denominator) Fraction(float scale)
    {
        for (var denominator = 1L; denominator <= LargestDenominator; denominator++)
        {
            var numerator = (long)Math.Round((double)scale * denominator);
            if ((float)((double)numerator / denominator) == scale)
            {
                return (numerator, denominator);
            }
        }

        // As the binary number that it is.
        return ((long)Math.Round((double)scale * (1 << 30)), 1 << 30);
    }

    /// <summary>Sizes, perhaps bent to one scale for all axes; then the scales are returned as data.</summary>
    private static Value? FromSizes(OnnxNode node, Shape shape, int[] axes, Dim[] to)
    {
        var sizes = node.Sizes(3);
        if (sizes.Length != axes.Length)
        {
            throw node.Error($"expects a size for each of {axes.Length} axes, found {sizes.Length}");
        }

        var policy = node.String("keep_aspect_ratio_policy", "stretch");
        if (policy == "stretch")
        {
            for (var i = 0; i < axes.Length; i++)
            {
                to[axes[i]] = sizes[i];
            }

            return null;
        }

        var isSmaller = policy switch
        {
            "not_larger" => true,
            "not_smaller" => false,
            _ => throw node.Error($"expects policy stretch, not_larger or not_smaller, found '{policy}'"),
        };

        // round(extent * size_k / extent_k) for the k with the least (or greatest) ratio; rounding is monotonic, so the extreme goes outside.
        Value? scale = null;
        for (var k = 0; k < axes.Length; k++)
        {
            var ratio = node.Over(node.Number(sizes[k], ElementType.Float32), node.Number(shape[axes[k]], ElementType.Float32));
            scale = scale is null ? ratio : isSmaller ? node.Smallest(scale, ratio) : node.Largest(scale, ratio);
        }

        for (var i = 0; i < axes.Length; i++)
        {
            Dim? extreme = null;
            for (var k = 0; k < axes.Length; k++)
            {
                var (extent, other) = (shape[axes[i]], shape[axes[k]]);
                var size = ((extent * sizes[k] * 2) + other).FloorDiv(other * 2);
                extreme = extreme is null ? size : isSmaller ? extreme.Min(size) : extreme.Max(size);
            }

            to[axes[i]] = extreme!;
        }

        return node.Repeated(node.Unsqueezed(scale!, 0), [node.Dims.Const(axes.Length)]);
    }

    /// <summary>Scales that only the run knows: <c>floor(extent * scale)</c> is computed there and bound.</summary>
    private static Value FromComputedScales(OnnxNode node, Shape shape, int[] axes, Dim[] to, int input)
    {
        if (node.ElementCount(input) != axes.Length)
        {
            throw node.Error($"expects a scale for each of {axes.Length} axes, found {node.ElementCount(input)}");
        }

        var scales = node.As(node.Shaped(node.Input(input), [node.Dims.Const(axes.Length)]), ElementType.Float32);
        for (var i = 0; i < axes.Length; i++)
        {
            var scale = node.Shaped(node.Sliced(scales, 0, node.Dims.Const(i), node.Dims.One), []);
            var size = node.Emit(new Floor(), node.Times(node.Number(shape[axes[i]], ElementType.Float32), scale));
            to[axes[i]] = node.Bind(node.As(size, ElementType.Int64), "size");
        }

        return scales;
    }

    /// <summary>Output over input extent of each axis, as data.</summary>
    private static Value Ratios(OnnxNode node, Shape shape, int[] axes, Dim[] to) => node.Joined(0, [.. axes.Select(axis => node.Unsqueezed(
        node.Over(node.Number(to[axis], ElementType.Float32), node.Number(shape[axis], ElementType.Float32)), 0))]);

    /// <summary>The numbers of the axes that are resampled.</summary>
    private static Value Picked(OnnxNode node, Value list, int[] kept) =>
        node.Joined(0, [.. kept.Select(i => node.Sliced(list, 0, node.Dims.Const(i), node.Dims.One))]);

    private static CoordinateMode Coordinates(OnnxNode node) => node.String("coordinate_transformation_mode", "half_pixel") switch
    {
        "half_pixel" => CoordinateMode.HalfPixel,
        "half_pixel_symmetric" => CoordinateMode.HalfPixelSymmetric,
        "pytorch_half_pixel" => CoordinateMode.PytorchHalfPixel,
        "align_corners" => CoordinateMode.AlignCorners,
        "asymmetric" => CoordinateMode.Asymmetric,
        "tf_half_pixel_for_nn" => CoordinateMode.TfHalfPixelForNearest,
        "tf_crop_and_resize" => CoordinateMode.CropAndResize,
        var other => throw node.Error($"has an unknown coordinate_transformation_mode '{other}'"),
    };

    private static NearestMode Nearest(OnnxNode node) => node.String("nearest_mode", "round_prefer_floor") switch
    {
        "round_prefer_floor" => NearestMode.RoundPreferFloor,
        "round_prefer_ceil" => NearestMode.RoundPreferCeil,
        "floor" => NearestMode.Floor,
        "ceil" => NearestMode.Ceil,
        var other => throw node.Error($"has an unknown nearest_mode '{other}'"),
    };
}
