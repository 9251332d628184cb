using Dlc.IR.Kernels;

namespace Dlc.IR.Ops;

/// <summary>Scalar pieces that the resampling operators share: conversions between indices and coordinates, and filter weights.</summary>
public static class Interpolation
{
    /// <summary>The cubic convolution filter (Keys 1981) with coefficient <paramref name="a"/> at distance <paramref name="x"/>.</summary>
    public static double Cubic(double x, double a)
    {
        x = Math.Abs(x);
        return x <= 1 ? ((((a + 2) * x) - (a + 3)) * x * x) + 1 : x < 2 ? ((((((x - 5) * x) + 8) * x) - 4) * a) : 0;
    }

    /// <summary>The same in a kernel; the type of <paramref name="x"/> is the type of the weight.</summary>
    public static Expr Cubic(Expr x, double a)
    {
        Expr Number(double value) => ExprFactory.Float(value, x.Type);
        var d = ExprFactory.Unary(UnaryOp.Abs, x);
        var near = (((Number(a + 2) * d) - Number(a + 3)) * d * d) + Number(1);
        var far = ((((((d - Number(5)) * d) + Number(8)) * d) - Number(4)) * Number(a));
        return ExprFactory.Select(ExprFactory.LessOrEqual(d, Number(1)), near,
            ExprFactory.Select(ExprFactory.Less(d, Number(2)), far, Number(0)));
    }

    /// <summary>The triangle filter at distance <paramref name="x"/>.</summary>
    public static double Triangle(double x) => Math.Max(0, 1 - Math.Abs(x));

    /// <summary>The same in a kernel.</summary>
    public static Expr Triangle(Expr x) => ExprFactory.Max(
        ExprFactory.Float(0, x.Type), ExprFactory.Float(1, x.Type) - ExprFactory.Unary(UnaryOp.Abs, x));

    /// <summary>An index (below 2^31) as a float; by way of i32, which every vector unit converts.</summary>
    public static Expr ToFloat(Expr index, ElementType type = ElementType.Float32) =>
        ExprFactory.Cast(type, ExprFactory.Cast(ElementType.Int32, index));

    /// <summary>A float that holds an integer as an index.</summary>
    public static Expr ToIndex(Expr number) => ExprFactory.Cast(ElementType.Int64, ExprFactory.Cast(ElementType.Int32, number));

    /// <summary>Moves an index into <c>[0, extent)</c>.</summary>
    public static Expr Clamp(Expr index, Expr extent) => ExprFactory.Max(ExprFactory.Min(index, extent - 1), ExprFactory.Int(0));
}
