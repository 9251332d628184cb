using System.Diagnostics.CodeAnalysis;
using Dlc.IR.Symbolic;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// One element of a <see cref="SymbolicTensor"/>: an integer (or bool as 0 and 1) is a dim; a float is a number, or a dim over a positive
/// integer, as <c>Cast(Shape(x)[2]) * 0.5</c> is <c>H / 2</c>. An integer may also be an element of a tensor that is only known at run time: then
/// lists that mix sizes with data still show their sizes.
/// </summary>
public sealed record SymbolicElement
{
    private SymbolicElement(Dim? dim, long denominator, double number, OnnxValue? source = null, int position = 0)
    {
        Dim = dim;
        Denominator = denominator;
        Number = number;
        Source = source;
        Position = position;
    }

    /// <summary>The dim (over <see cref="Denominator"/>); null for a float that is a number and for data.</summary>
    public Dim? Dim { get; }

    /// <summary>Positive; 1 for integers.</summary>
    public long Denominator { get; }

    /// <summary>The value of a float that is a number.</summary>
    public double Number { get; }

    /// <summary>The tensor of integers that holds this element, where it is data.</summary>
    public OnnxValue? Source { get; }

    /// <summary>Where in <see cref="Source"/>, row-major.</summary>
    public int Position { get; }

    /// <summary>True when nothing symbolic is left.</summary>
    public bool IsNumber => Source is null && (Dim is null || Dim.IsConstant);

    /// <summary>The value of a number as double.</summary>
    public double ToDouble() => Dim is null ? Number : (double)Dim.Constant / Denominator;

    [return: NotNullIfNotNull(nameof(dim))]
    public static implicit operator SymbolicElement?(Dim? dim) => dim is null ? null : new(dim, 1, 0);

    /// <summary>A float.</summary>
    public static SymbolicElement Float(double number) => new(null, 1, number);

    /// <summary>An element of a tensor of integers that is known at run time only.</summary>
    public static SymbolicElement Data(OnnxValue source, int position) => new(null, 1, 0, source, position);

    /// <summary>A float <c>dim / denominator</c>, in lowest terms.</summary>
    public static SymbolicElement Fraction(Dim dim, long denominator)
    {
        if (dim.IsConstant)
        {
            return Float((double)dim.Constant / denominator);
        }

        var gcd = denominator;
        var (constant, terms) = DimContext.Polynomial(dim);
        gcd = Gcd(gcd, constant);
        foreach (var term in terms)
        {
            gcd = Gcd(gcd, term.Coefficient);
        }

        return gcd == 1 ? new(dim, denominator, 0) : new(dim.DivideExact(dim.Context.Const(gcd))!, denominator / gcd, 0);
    }

    public override string ToString() => Source is not null ? "?" :
        Dim is null ? Number.ToString("R", System.Globalization.CultureInfo.InvariantCulture) : Denominator == 1 ? $"{Dim}" : $"({Dim})/{Denominator}";

    private static long Gcd(long a, long b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return Math.Abs(a);
    }
}
