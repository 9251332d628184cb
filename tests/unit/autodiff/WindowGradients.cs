using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Tests.Unit.Autodiff;

/// <summary>Products, convolutions, poolings and resampling.</summary>
internal static class WindowGradients
{
    private const string Images = "n=1 h=5 w=6 | n=2 h=4 w=4";

    public static IEnumerable<GradientCase> All() => [.. Products(), .. Convolutions(), .. Pools(), .. Resampling()];

    private static IEnumerable<GradientCase> Products()
    {
        (string Name, string A, string B)[] shapes =
        [
            ("matrices", "n k", "k m"), ("a batch and a matrix", "n 2 k", "k m"), ("two batch axes and a matrix", "2 n 3 k", "k m"),
            ("batches", "n 2 k", "n k m"), ("a matrix and a batch", "2 k", "n k m"), ("a batch that may be 1", "n 2 k", "b k m"),
            ("grouped heads", "n 2 3 2 k", "n 2 1 k m"), ("an outer axis of 1", "n 2 3 k", "1 2 k m"), ("the first with an axis of 1", "1 2 3 k", "n 2 k m"),
        ];
        foreach (var (name, a, b) in shapes)
        {
            var sizes = b.StartsWith('b') ? "n=3 k=2 m=2 b=1 | n=1 k=2 m=2 b=3 | n=2 k=1 m=2 b=2" : "n=2 k=3 m=2 | n=1 k=1 m=4 | n=2 k=0 m=2 | n=0 k=2 m=1";
            yield return new($"MatMul of {name}", sizes, g => [g.Emit(new MatMul(ElementType.Float64), g.Parameter(a), g.Parameter(b))]);
        }
    }

    private static IEnumerable<GradientCase> Convolutions()
    {
        static Conv Conv(GradientCheck g, long[] strides, long[] dilations, long[] begin, long[] end, long groups) =>
            new([.. strides], [.. dilations], [.. begin.Select(g.Dims.Const)], [.. end.Select(g.Dims.Const)], groups, ElementType.Float64);
        (string Name, string X, string W, Func<GradientCheck, Conv> Op)[] cases =
        [
            ("Conv", "n 2 h w", "3 2 3 2", g => Conv(g, [1, 1], [1, 1], [0, 0], [0, 0], 1)),
            ("Conv padded", "n 2 h w", "3 2 3 3", g => Conv(g, [1, 1], [1, 1], [1, 2], [1, 0], 1)),
            ("Conv strided", "n 2 h w", "2 2 3 2", g => Conv(g, [2, 3], [1, 1], [1, 0], [1, 1], 1)),
            ("Conv dilated", "n 2 h w", "2 2 2 2", g => Conv(g, [1, 1], [2, 3], [1, 1], [1, 1], 1)),
            ("Conv strided and dilated", "n 1 h w", "2 1 2 2", g => Conv(g, [2, 2], [2, 1], [1, 0], [2, 1], 1)),
            ("Conv grouped", "n 4 h w", "6 2 2 2", g => Conv(g, [2, 1], [1, 1], [1, 1], [0, 1], 2)),
            ("Conv depthwise", "n 3 h w", "3 1 3 3", g => Conv(g, [1, 1], [1, 1], [1, 1], [1, 1], 3)),
            ("Conv pointwise", "n 3 h w", "2 3 1 1", g => Conv(g, [1, 1], [1, 1], [0, 0], [0, 0], 1)),
            ("Conv pointwise strided", "n 3 h w", "2 3 1 1", g => Conv(g, [2, 2], [1, 1], [0, 0], [0, 0], 1)),
            ("Conv of one axis", "n 2 h", "2 2 3", g => Conv(g, [2], [1], [1], [1], 1)),
            ("Conv cropping", "n 2 h w", "2 2 2 2", g => Conv(g, [1, 1], [1, 1], [-1, 0], [1, -1], 1)),
        ];
        foreach (var (name, x, w, op) in cases)
        {
            yield return new(name, Images, g => [g.Emit(op(g), g.Parameter(x), g.Parameter(w))]);
        }
    }

    private static IEnumerable<GradientCase> Pools()
    {
        (string Name, long[] Kernel, long[] Strides, long[] Dilations, long[] Begin, long[] End, bool Ceil)[] windows =
        [
            ("", [2, 3], [1, 1], [1, 1], [0, 0], [0, 0], false), ("strided", [2, 2], [2, 2], [1, 1], [0, 0], [0, 0], false),
            ("padded", [3, 3], [2, 1], [1, 1], [1, 1], [1, 0], false), ("dilated", [2, 2], [1, 2], [2, 1], [1, 0], [0, 1], false),
            ("rounded up", [2, 3], [2, 2], [1, 1], [0, 1], [0, 1], true), ("with gaps", [1, 2], [2, 3], [1, 1], [0, 0], [0, 0], false),
        ];
        foreach (var (name, kernel, strides, dilations, begin, end, ceil) in windows)
        {
            var (k, s, d) = ((ValueList<long>)[.. kernel], (ValueList<long>)[.. strides], (ValueList<long>)[.. dilations]);
            ValueList<Dim> Pads(GradientCheck g, long[] pads) => [.. pads.Select(g.Dims.Const)];
            yield return new($"MaxPool {name}", Images, g => [g.Emit(new MaxPool(k, s, d, Pads(g, begin), Pads(g, end), ceil), g.Distinct("n 2 h w"))]);
            yield return new($"AveragePool {name}", Images,
                g => [g.Emit(new AveragePool(k, s, d, Pads(g, begin), Pads(g, end), ceil, CountsPadding: false), g.Parameter("n 2 h w"))]);
            yield return new($"AveragePool counting padding {name}", Images,
                g => [g.Emit(new AveragePool(k, s, d, Pads(g, begin), Pads(g, end), ceil, CountsPadding: true), g.Parameter("n 2 h w"))]);
            foreach (var p in new[] { 1L, 2, 3 })
            {
                yield return new($"LpPool {p} {name}", Images, g => [g.Emit(new LpPool(k, s, d, Pads(g, begin), Pads(g, end), ceil, p), g.NonZero("n 1 h w"))]);
            }
        }

        yield return new("Col2Im", "n=2", g => [g.Emit(new Col2Im([g.Dim("4"), g.Dim("5")], [g.Dim("2"), g.Dim("2")], [1, 2], [2, 1],
            [g.Dim("1"), g.Dim("0")], [g.Dim("0"), g.Dim("1")]), g.Parameter("n 8 9"))]);
    }

    private static IEnumerable<GradientCase> Resampling()
    {
        foreach (var mode in new[] { ResizeMode.Nearest, ResizeMode.Linear, ResizeMode.Cubic })
        {
            foreach (var coordinates in new[] { CoordinateMode.HalfPixel, CoordinateMode.AlignCorners, CoordinateMode.Asymmetric })
            {
                yield return new($"Resize {mode} {coordinates}", "n=2 h=3 w=5", g => [g.Emit(new Resize
                {
                    Mode = mode, Coordinates = coordinates, Axes = [1, 2], To = g.Shape("n 7 4"),
                }, g.Parameter("n h w"))]);
            }
        }

        yield return new("Resize by 2", "n=2 h=3 w=1", g => [g.Emit(new Resize
        {
            Mode = ResizeMode.Nearest, Coordinates = CoordinateMode.Asymmetric, Nearest = NearestMode.Floor, Axes = [1, 2],
            To = [g.Dim("n"), g.Dim("h") * 2, g.Dim("w") * 3],
        }, g.Parameter("n h w"))]);
        yield return new("Resize with antialiasing", "n=2 h=7 w=5", g => [g.Emit(new Resize
        {
            Mode = ResizeMode.Linear, Coordinates = CoordinateMode.HalfPixel, Antialias = true, Axes = [1, 2], To = g.Shape("n 3 4"),
        }, g.Parameter("n h w"))]);
        yield return new("Resize of a region", "n=2 h=7 w=5", g => [g.Emit(new Resize
        {
            Mode = ResizeMode.Linear, Coordinates = CoordinateMode.CropAndResize, Region = [0.2, 0.3, 0.8, 1.3], Extrapolation = 2, Axes = [1, 2],
            To = g.Shape("n 3 4"),
        }, g.Parameter("n h w"))]);
    }
}
