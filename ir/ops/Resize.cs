using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;

namespace Dlc.IR.Ops;

/// <summary>
/// Resamples some axes to another extent (ONNX Resize, Upsample). Inputs: the data; optionally the scales (f32, one for each of
/// <see cref="Axes"/>) where only the run knows them; and then optionally the region (f32, as <see cref="Region"/>). Coordinates are computed in f32 and values in f32 too (f64 for f64 data).
/// </summary>
public sealed record Resize : Op, IIndexFunction
{
    public required ResizeMode Mode { get; init; }

    public required CoordinateMode Coordinates { get; init; }

    public NearestMode Nearest { get; init; }

    /// <summary>The axes that are resampled, ascending; the others keep their extent.</summary>
    public required ValueList<int> Axes { get; init; }

    /// <summary>The shape of the output.</summary>
    public required Shape To { get; init; }

    /// <summary>Output over input extent for each axis of <see cref="Axes"/>, where it was given; empty means the ratio of the extents.</summary>
    public ValueList<double> Scales { get; init; } = [];

    /// <summary>For CropAndResize: the starts of all <see cref="Axes"/>, then the ends.</summary>
    public ValueList<double> Region { get; init; } = [];

    /// <summary>The coefficient of the cubic filter.</summary>
    public double CubicA { get; init; } = -0.75;

    /// <summary>Elements outside of the input have no weight, instead of that of the nearest element inside.</summary>
    public bool ExcludeOutside { get; init; }

    /// <summary>Widens the filter when shrinking.</summary>
    public bool Antialias { get; init; }

    /// <summary>For CropAndResize: the value outside of the input.</summary>
    public double Extrapolation { get; init; }

    public override bool IsHeavy => Antialias || Mode == ResizeMode.Cubic;

    public override void Infer(InferContext c)
    {
        if (c.InputCount is not (1 or 2 or 3))
        {
            throw c.Error($"expects the data and optionally scales and a region, found {c.InputCount} inputs");
        }

        var input = c.Input(0);
        if (To.Rank != input.Rank || Axes.Any(a => a < 0 || a >= input.Rank) || (Scales.Count != 0 && Scales.Count != Axes.Count)
            || (Coordinates == CoordinateMode.CropAndResize && Region.Count != 2 * Axes.Count && c.InputCount < 3))
        {
            throw c.Error($"does not fit {input}: axes {Axes}, scales {Scales}, region {Region}, output {To}");
        }

        for (var axis = 0; axis < input.Rank; axis++)
        {
            if (!Axes.Contains(axis))
            {
                c.RequireEqual(input.Shape[axis], To[axis], $"axis {axis}");
            }
            else
            {
                c.Require(c.Dims.One, Relation.LessOrEqual, input.Shape[axis], $"the extent of axis {axis}, which is resampled");
            }
        }

        c.Output(input.Element, To);
    }

    public override void Evaluate(EvaluateContext c) => ResizeReference.Fill(this, c);

    public Expr At(IndexContext c, Expr[] index) => new ResizeIndexFunction(this, c).At(index);

    /// <summary>The factor k, where the output axis repeats each element of the input k times and no coordinate is needed; else null.</summary>
    internal long? Repeats(int position, Dim input)
    {
        var factor = To[Axes[position]].DivideExact(input);
        if (Mode != ResizeMode.Nearest || factor is not { IsConstant: true, Constant: >= 1 }
            || (Scales.Count != 0 && Scales[position] != factor.Constant))
        {
            return null;
        }

        var repeats = Coordinates switch
        {
            CoordinateMode.Asymmetric => Nearest == NearestMode.Floor || (Nearest == NearestMode.RoundPreferFloor && factor.Constant <= 2),
            CoordinateMode.HalfPixel or CoordinateMode.PytorchHalfPixel or CoordinateMode.HalfPixelSymmetric =>
                Nearest is NearestMode.RoundPreferFloor or NearestMode.RoundPreferCeil,
            CoordinateMode.TfHalfPixelForNearest => Nearest == NearestMode.Floor,
            _ => false,
        };
        return repeats ? factor.Constant : null;
    }

    public override void Differentiate(DifferentiateContext c)
    {
        c.Give(0, () =>
        {
            var (gradient, shape, element) = (c.Gradient(), c.Input(0).Type.Shape, c.Input(0).Type.Element);
            for (var n = 0; n < Axes.Count; n++)
            {
                var (axis, from, to) = (Axes[n], shape[Axes[n]], To[Axes[n]]);
                var (outer, inner) = (gradient.Type.Shape.Dims[..axis], gradient.Type.Shape.Dims[(axis + 1)..]);
                if (Repeats(n, from) is { } factor)
                {
                    gradient = c.Sum(c.Shaped(gradient, [.. outer, from, c.Dims.Const(factor), .. inner]), axis + 1);
                }
                else
                {
                    // Resampling is linear along each axis: the identity resampled is its matrix [from, to].
                    var identity = c.As(c.IsEqual(c.Positions(from, 0, 2), c.Positions(from, 1, 2)), element);
                    var matrix = c.Emit(Along(n, from, to), [identity, .. Parameters(c, n)]);
                    var lines = c.Shaped(gradient, [c.Dims.Product(outer), to, c.Dims.Product(inner)]);
                    gradient = c.As(c.Emit(new MatMul(OpWriter.Wide(element)), matrix, lines), element);
                }

                gradient = c.Shaped(gradient, [.. outer, from, .. inner]);
            }

            return gradient;
        });
    }

    /// <summary>The resampling of one of <see cref="Axes"/> as that of the last axis of a matrix.</summary>
    private Resize Along(int n, Dim from, Dim to) => this with
    {
        Axes = [1],
        To = [from, to],
        Scales = Scales.Count == 0 ? [] : [Scales[n]],
        Region = Region.Count == 0 ? [] : [Region[n], Region[n + Axes.Count]],
        Extrapolation = 0,
    };

    /// <summary>The scale and region of one of <see cref="Axes"/>, where they are inputs.</summary>
    private IEnumerable<Value> Parameters(DifferentiateContext c, int n)
    {
        Value At(int input, long i) => c.Sliced(c.Input(input), 0, c.Dims.Const(i), c.Dims.One);
        if (c.InputCount > 1)
        {
            yield return At(1, n);
        }

        if (c.InputCount > 2)
        {
            yield return c.Emit(new Concat(0), At(2, n), At(2, n + Axes.Count));
        }
    }
}
