using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Kernels of Resize and GridSample agree with their reference semantics.</summary>
public sealed class ResampleTests
{
    [Theory]
    [InlineData(ResizeMode.Nearest)]
    [InlineData(ResizeMode.Linear)]
    [InlineData(ResizeMode.Cubic)]
    public void Resizes_to_extents_with_every_coordinate_mode(ResizeMode mode)
    {
        foreach (var coordinates in Enum.GetValues<CoordinateMode>())
        {
            foreach (var (h, w) in new[] { (7L, 11L), (1L, 1L), (2L, 3L) })
            {
                var m = new OpCheck();
                var x = m.Input("n c h w", OpCheck.Random(1, 2, 4, 5));
                m.Check(new Resize
                {
                    Mode = mode, Coordinates = coordinates, Axes = [2, 3], Region = [0.1, 0.2, 0.9, 1.2], Extrapolation = 3,
                    To = [m.Dim("n"), m.Dim("c"), m.Dims.Const(h), m.Dims.Const(w)],
                }, x);
            }
        }
    }

    [Theory]
    [InlineData(NearestMode.RoundPreferFloor)]
    [InlineData(NearestMode.RoundPreferCeil)]
    [InlineData(NearestMode.Floor)]
    [InlineData(NearestMode.Ceil)]
    public void Whole_factors_repeat_elements(NearestMode nearest)
    {
        foreach (var coordinates in new[] { CoordinateMode.HalfPixel, CoordinateMode.Asymmetric, CoordinateMode.PytorchHalfPixel })
        {
            for (var factor = 1; factor <= 4; factor++)
            {
                // Against sizes that only the run knows, which take the general way.
                Tensor Run(Func<OpCheck, Dim> height)
                {
                    var m = new OpCheck();
                    var x = m.Input("h", OpCheck.Random(5));
                    return m.Check(new Resize
                    {
                        Mode = ResizeMode.Nearest, Coordinates = coordinates, Nearest = nearest, Axes = [0], To = [height(m)],
                    }, x)[0];
                }

                var fast = Run(m => m.Dim("h") * factor);
                var general = Run(m => m.Dims.Const(5 * factor));
                Assert.Equal(general.Bytes.ToArray(), fast.Bytes.ToArray());
            }
        }
    }

    [Theory]
    [InlineData(ResizeMode.Linear, false)]
    [InlineData(ResizeMode.Cubic, false)]
    [InlineData(ResizeMode.Cubic, true)]
    public void Antialiasing_widens_the_filter(ResizeMode mode, bool excludes)
    {
        foreach (var width in new long[] { 1, 3, 9, 16 })
        {
            var m = new OpCheck();
            var x = m.Input("h w", OpCheck.Random(8, 9));
            m.Check(new Resize
            {
                Mode = mode, Coordinates = CoordinateMode.HalfPixel, Axes = [0, 1], Antialias = true, ExcludeOutside = excludes,
                To = [m.Dims.Const(3), m.Dims.Const(width)],
            }, x);
        }
    }

    [Fact]
    public void Scales_may_come_as_data()
    {
        var m = new OpCheck();
        var x = m.Input("h w", OpCheck.Random(4, 6));
        var scales = m.Input("1", Tensor.FromSpan<float>(ElementType.Float32, [1.3f], 1));
        m.Check(new Resize
        {
            Mode = ResizeMode.Linear, Coordinates = CoordinateMode.HalfPixel, Axes = [1], To = [m.Dim("h"), m.Dims.Const(7)],
        }, x, scales);
    }

    [Theory]
    [InlineData(ResizeMode.Nearest)]
    [InlineData(ResizeMode.Linear)]
    [InlineData(ResizeMode.Cubic)]
    public void Samples_at_points_inside_and_outside(ResizeMode mode)
    {
        foreach (var padding in Enum.GetValues<GridPadding>())
        {
            foreach (var aligns in new[] { false, true })
            {
                var m = new OpCheck();
                var grid = OpCheck.Random(2, 3, 4, 2);
                for (var i = 0L; i < grid.Count; i++)
                {
                    grid.SetDouble(i, grid.GetDouble(i) * 2.7);
                }

                m.Check(new GridSample(mode, padding, aligns), m.Input("n c h w", OpCheck.Random(2, 3, 5, 6)), m.Input("n o p 2", grid));
                m = new OpCheck();
                m.Check(new GridSample(mode, padding, aligns), m.Input("n c 1 h w", OpCheck.Random(1, 2, 1, 2, 3)),
                    m.Input("n a o p 3", OpCheck.Random(1, 2, 2, 2, 3)));
            }
        }
    }
}
