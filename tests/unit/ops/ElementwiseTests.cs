using Dlc.IR;
using Dlc.IR.Ops;
using Xunit;

namespace Dlc.Tests.Unit.Ops;

/// <summary>Kernels of elementwise operators agree with their reference semantics, on each kind of element type.</summary>
public sealed class ElementwiseTests
{
    private static readonly float[] Specials =
        [0, -0.0f, 1, -1, 0.5f, -0.5f, 1.5f, 2.5f, -2.5f, 100, -100, float.PositiveInfinity, float.NegativeInfinity, float.NaN];

    private static readonly ElementType[] Integers =
    [
        ElementType.Int8, ElementType.Int16, ElementType.Int32, ElementType.Int64,
        ElementType.UInt8, ElementType.UInt16, ElementType.UInt32, ElementType.UInt64,
    ];

    public static TheoryData<string> UnaryNames =>
    [
        "Neg", "Abs", "Sign", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Round", "Trunc", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh",
        "Cosh", "Tanh", "Asinh", "Acosh", "Atanh", "Erf", "Sigmoid", "IsNaN", "IsInf",
    ];

    public static TheoryData<string> BinaryNames =>
        ["Add", "Sub", "Mul", "Div", "Mod", "Rem", "Pow", "Min", "Max", "And", "Or", "Xor", "ShiftLeft", "ShiftRight", "Equal", "Less", "LessOrEqual"];

    [Theory]
    [MemberData(nameof(UnaryNames))]
    public void Unary_operators_on_floats(string name)
    {
        foreach (var element in new[] { ElementType.Float32, ElementType.Float64, ElementType.Float16, ElementType.BFloat16 })
        {
            var x = As(element, [.. Specials, .. Enumerable.Range(-20, 41).Select(i => i / 8f)]);
            var tolerance = element switch { ElementType.Float16 => 2e-3, ElementType.BFloat16 => 1e-2, _ => 1e-5 };
            var m = new OpCheck();
            m.Check(Create(name), tolerance, m.Input("n", x));
        }
    }

    [Theory]
    [InlineData("Neg")]
    [InlineData("Abs")]
    [InlineData("Sign")]
    [InlineData("Not")]
    public void Unary_operators_on_integers(string name)
    {
        foreach (var element in Integers.Where(e => e.IsSigned() || name == "Not"))
        {
            var m = new OpCheck();
            m.Check(Create(name), m.Input("n", OpCheck.Integers(element, element.IsSigned() ? -128 : 0, 127, 40)));
        }
    }

    [Theory]
    [MemberData(nameof(BinaryNames))]
    public void Binary_operators_on_integers(string name)
    {
        foreach (var element in Integers)
        {
            // Zeros and negative numbers are among the divisors and exponents; shifts go beyond the width.
            var isShift = name.StartsWith("Shift", StringComparison.Ordinal);
            var low = !element.IsSigned() || isShift ? 0 : -5;
            var m = new OpCheck();
            var (a, b) = (OpCheck.Integers(element, element.IsSigned() ? -9 : 0, 10, 4, 30), OpCheck.Integers(element, low, isShift ? 70 : 6, 30));
            m.Check(Create(name), m.Input("r n", a), m.Input("n", b));
        }
    }

    [Theory]
    [MemberData(nameof(BinaryNames))]
    public void Binary_operators_on_floats_and_bools(string name)
    {
        var isLogical = name is "And" or "Or" or "Xor";
        if (isLogical || name == "Equal")
        {
            var m = new OpCheck();
            m.Check(Create(name), m.Input("n 1", OpCheck.Integers(ElementType.Bool, 0, 2, 7, 1)), m.Input("1 k", OpCheck.Integers(ElementType.Bool, 0, 2, 1, 9)));
        }

        if (!isLogical && !name.StartsWith("Shift", StringComparison.Ordinal))
        {
            var specials = Specials.Where(s => name is not ("Mod" or "Rem" or "Pow") || float.IsFinite(s)).ToArray();
            var m = new OpCheck();
            m.Check(Create(name), m.Input("n 1", As(ElementType.Float32, specials).Reshape(specials.Length, 1)), m.Input("k", As(ElementType.Float32, specials)));
        }
    }

    [Fact]
    public void Unsigned_64_bit_comparisons_see_the_highest_bit()
    {
        ulong[] numbers = [0, 1, 1UL << 63, ulong.MaxValue];
        var x = Tensor.FromSpan<ulong>(ElementType.UInt64, numbers, 4, 1);
        foreach (var op in new Op[] { new Less(), new LessOrEqual(), new Min(), new Max(), new Div(), new Mod() })
        {
            var m = new OpCheck();
            m.Check(op, m.Input("4 1", x), m.Input("4", x.Reshape(4)));
        }
    }

    [Fact]
    public void Casts_between_all_types()
    {
        foreach (var from in Enum.GetValues<ElementType>())
        {
            foreach (var to in Enum.GetValues<ElementType>())
            {
                var x = from.IsFloat() ? As(from, [0, 1, -1, 1.5f, -1.5f, 2.5f, 77.7f, 1000, -1000, 100000, -3e10f, float.NaN]) : OpCheck.Integers(from, from.IsSigned() ? -100 : 0, 120, 24);
                var m = new OpCheck();
                m.Check(new Cast(to), 1e-6, m.Input("n", x));
            }
        }
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 4, 5)]
    [InlineData(2, 0, 3)]
    public void Where_broadcasts_all_three(long a, long b, long c)
    {
        var m = new OpCheck();
        m.Check(new Where(), m.Input("a 1 c", OpCheck.Integers(ElementType.Bool, 0, 2, a, 1, c)), m.Input("b 1", OpCheck.Random(b, 1)),
            m.Input("a b c", OpCheck.Random(a, b, c)));
    }

    [Fact]
    public void Erf_reaches_double_precision()
    {
        Assert.Equal(0.0, ErrorFunction.Erf(0));
        Assert.Equal(0.8427007929497149, ErrorFunction.Erf(1), 15);
        Assert.Equal(-0.9953222650189527, ErrorFunction.Erf(-2), 14);
        Assert.Equal(0.9999779095030014, ErrorFunction.Erf(3), 14);
        Assert.Equal(0.9999999845827421, ErrorFunction.Erf(4), 15);
        Assert.Equal(1, ErrorFunction.Erf(double.PositiveInfinity));
    }

    private static Op Create(string name) => (Op)Activator.CreateInstance(
        typeof(Add).Assembly.GetType($"Dlc.IR.Ops.{name}")!, name == "IsInf" ? [true, true] : [])!;

    private static Tensor As(ElementType element, float[] values)
    {
        var tensor = new Tensor(element, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            tensor.SetDouble(i, values[i]);
        }

        return tensor;
    }
}
