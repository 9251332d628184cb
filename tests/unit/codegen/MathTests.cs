using Dlc.Codegen.X86;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Symbolic;
using Xunit;
using E = Dlc.IR.Kernels.ExprFactory;

namespace Dlc.Tests.Codegen;

public sealed class MathTests
{
    private static readonly double[] Special =
    [
        0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, double.PositiveInfinity, double.NegativeInfinity, double.NaN, 1e-30, -1e-30, 1e-42, -1e-42, 88.7, 89.5,
        -87.4, -103.5, -110, 709.7, 710.5, -745, -750, 1e30, -1e30, 3e38, 1e300, 1e-310, 0.9999999, 1.0000001, 3.9, 9.1, 1.5707964,
    ];

    [Theory]
    [InlineData(UnaryOp.Exp, -87, 88.7, 1.5e-7, 4e-16)]
    [InlineData(UnaryOp.Exp, -1, 1, 1.5e-7, 4e-16)]
    [InlineData(UnaryOp.Log, 0, 10, 2e-7, 4e-16)]
    [InlineData(UnaryOp.Log, 0.9, 1.1, 2e-7, 4e-16)]
    [InlineData(UnaryOp.Log, 0, 1e30, 2e-7, 4e-16)]
    [InlineData(UnaryOp.Sqrt, 0, 1e9, 7e-8, 2e-16)]
    [InlineData(UnaryOp.Rsqrt, 0, 1e9, 2e-7, 4e-16)]
    [InlineData(UnaryOp.Sin, -10, 10, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Sin, -1e6, 1e6, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Cos, -10, 10, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Cos, -1e9, 1e9, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Tan, -1.5, 1.5, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Asin, -1, 1, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Acos, -1, 1, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Atan, -20, 20, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Sinh, -80, 80, 7e-8, 3e-14)]
    [InlineData(UnaryOp.Sinh, -1, 1, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Cosh, -80, 80, 7e-8, 3e-14)]
    [InlineData(UnaryOp.Tanh, -10, 10, 3e-7, 1e-15)]
    [InlineData(UnaryOp.Tanh, -0.1, 0.1, 3e-7, 1e-15)]
    [InlineData(UnaryOp.Asinh, -100, 100, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Asinh, -0.01, 0.01, 7e-8, 1e-15)]
    [InlineData(UnaryOp.Acosh, 1, 100, 7e-8, 2e-15)]
    [InlineData(UnaryOp.Atanh, -1, 1, 7e-8, 2e-15)]
    [InlineData(UnaryOp.Erf, -5, 5, 4e-7, 1e-14)]
    [InlineData(UnaryOp.Erf, -0.01, 0.01, 3e-7, 1e-14)]
    public void Functions_are_accurate(UnaryOp op, double low, double high, double f32, double f64)
    {
        Random random = new(17);
        double[] inputs = [.. Enumerable.Range(0, 20011).Select(_ => low + (random.NextDouble() * (high - low)))];
        Check(op, ElementType.Float32, inputs, f32);
        Check(op, ElementType.Float64, inputs, f64);
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Functions_treat_special_values_as_IEEE_does(UnaryOp op)
    {
        // Where neighbouring numbers are further apart than a period, an angle means nothing.
        double[] inputs = [.. Special.Where(x => op is not (UnaryOp.Sin or UnaryOp.Cos or UnaryOp.Tan) || !(Math.Abs(x) is > 1e15 and < double.MaxValue))];
        Check(op, ElementType.Float32, inputs, 3e-7);
        Check(op, ElementType.Float64, inputs, 1e-12);
    }

    [Theory]
    [InlineData(BinaryOp.Pow)]
    [InlineData(BinaryOp.Atan2)]
    [InlineData(BinaryOp.Rem)]
    [InlineData(BinaryOp.Mod)]
    [InlineData(BinaryOp.Min)]
    [InlineData(BinaryOp.Max)]
    [InlineData(BinaryOp.Div)]
    public void Functions_of_two_operands_agree_with_IEEE(BinaryOp op)
    {
        Random random = new(5);
        List<(double X, double Y)> pairs = [];
        foreach (double x in Special)
        {
            pairs.AddRange(Special.Select(y => (x, y)));
        }

        for (int i = 0; i < 5000; i++)
        {
            pairs.Add(((random.NextDouble() - 0.3) * 50, (random.NextDouble() - 0.5) * 20));
            pairs.Add((Math.Round((random.NextDouble() - 0.5) * 50), Math.Round((random.NextDouble() - 0.5) * 20)));
        }

        foreach (ElementType type in new[] { ElementType.Float32, ElementType.Float64 })
        {
            double[] x = [.. pairs.Select(p => InterpreterScalar.Of(type, p.X).Float)];
            double[] y = [.. pairs.Select(p => InterpreterScalar.Of(type, p.Y).Float)];
            Run(type, (k, v, inputs) => E.Binary(op, E.Load(inputs[0], v), E.Load(inputs[1], v)), [x, y], (i, actual) =>
            {
                double expected = InterpreterArithmetic.Binary(op, InterpreterScalar.Of(type, x[i]), InterpreterScalar.Of(type, y[i])).Float;
                AssertClose($"{op}.{type}({x[i]:R}, {y[i]:R})", expected, actual, type == ElementType.Float32 ? 1.2e-7 : 1e-12, type);
            });
        }
    }

    [Fact]
    public void Small_powers_of_integers_are_exact()
    {
        double[] x = [9, 3, -7, 10, 2, 1.5, 5, 2];
        double[] y = [3, 20, 5, 15, -10, 4, -1, 100];
        Run(ElementType.Float64, (k, v, inputs) => E.Binary(BinaryOp.Pow, E.Load(inputs[0], v), E.Load(inputs[1], v)), [x, y],
            (i, actual) => Assert.Equal(Math.Pow(x[i], y[i]), actual));
    }

    public static TheoryData<UnaryOp> Functions() =>
        [.. Enum.GetValues<UnaryOp>().Where(op => op is not (UnaryOp.Not or UnaryOp.BitNot or UnaryOp.IsNaN))];

    private static void Check(UnaryOp op, ElementType type, double[] inputs, double tolerance)
    {
        double[] x = [.. inputs.Select(v => InterpreterScalar.Of(type, v).Float)];
        Run(type, (k, v, buffers) => E.Unary(op, E.Load(buffers[0], v)), [x], (i, actual) =>
        {
            double expected = InterpreterArithmetic.Unary(op, new InterpreterScalar(ElementType.Float64, 0, x[i])).Float;
            AssertClose($"{op}.{type}({x[i]:R})", expected, actual, tolerance, type);
        });
    }

    private static void Run(ElementType type, Func<KernelBuilder, Expr, KernelBuffer[], Expr> value, double[][] inputs, Action<int, double> check)
    {
        DimContext dims = new();
        KernelBuilder k = new("math", dims);
        KernelBuffer[] buffers = [.. inputs.Select((_, i) => k.Parameter($"x{i}", type, false))];
        KernelBuffer vectors = k.Parameter("vectors", type, true);
        KernelBuffer scalars = k.Parameter("scalars", type, true);
        Dim size = dims.Symbol("N");
        k.Parallel(dims.One, _ =>
        {
            k.Vector(E.Dim(size), v => k.Store(vectors, v, value(k, v, buffers)));
            k.Serial(E.Int(8), v => k.Store(scalars, v, value(k, v, buffers)));
        });
        int count = inputs[0].Length;
        byte[][] memory = [.. inputs.Select(x => Pack(type, x)), new byte[count * type.Bytes()], new byte[8 * type.Bytes()]];
        foreach (CpuTarget target in Compare.Targets)
        {
            using NativeKernels native = new([k.Build()], target);
            native.Run(0, memory, [count], 0, 0, 1);
            for (int i = 0; i < count; i++)
            {
                check(i, InterpreterScalar.Read(type, memory[^2], i).Float);
            }

            for (int i = 0; i < 8; i++)
            {
                check(i, InterpreterScalar.Read(type, memory[^1], i).Float);
            }
        }
    }

    private static byte[] Pack(ElementType type, double[] values)
    {
        byte[] bytes = new byte[values.Length * type.Bytes()];
        for (int i = 0; i < values.Length; i++)
        {
            InterpreterScalar.Of(type, values[i]).Write(bytes, i);
        }

        return bytes;
    }

    private static void AssertClose(string what, double expected, double actual, double tolerance, ElementType type)
    {
        double rounded = InterpreterScalar.Of(type, expected).Float;
        if (double.IsNaN(rounded) || double.IsInfinity(rounded))
        {
            Assert.True(rounded.Equals(actual), $"{what} is {actual:R}, expected {rounded:R}");
            return;
        }

        // Denormal results have fewer bits; which zero a minimum or maximum takes is open.
        double least = type == ElementType.Float32 ? 2e-45 : 1e-323;
        bool close = Math.Abs(actual - expected) <= (tolerance * Math.Abs(expected)) + least;
        bool sameZero = what.StartsWith('M') || rounded != 0 || actual != 0 || double.IsNegative(rounded) == double.IsNegative(actual);
        Assert.True(close && sameZero, $"{what} is {actual:R}, expected {expected:R} (off by {Math.Abs(actual - expected) / Math.Abs(expected):E2})");
    }
}
