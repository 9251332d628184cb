using System.Collections.Immutable;

namespace Dlc.IR.Symbolic;

/// <summary>
/// An immutable integer expression in canonical form. Dims are interned by their <see cref="DimContext"/>: two equal canonical forms are
/// one object, so reference equality is equality of forms. Operands always have smaller ids than the dim they build.
/// </summary>
public sealed class Dim
{
    private ImmutableArray<Dim> self;

    internal Dim(
        DimContext context, DimKind kind, long constant, string? name, ImmutableArray<DimTerm> terms, ImmutableArray<Dim> operands)
    {
        Context = context;
        Kind = kind;
        Constant = constant;
        Name = name;
        Terms = terms;
        Operands = operands;
        ContentHash = DimOrder.Hash(kind, constant, name, terms, operands);
    }

    /// <summary>The table that owns this dim.</summary>
    public DimContext Context { get; }

    /// <summary>Dense number within <see cref="Context"/>, in order of creation.</summary>
    public int Id { get; internal set; }

    /// <summary>Form of the expression.</summary>
    public DimKind Kind { get; }

    /// <summary>Value of a constant, additive constant of a sum, else 0.</summary>
    public long Constant { get; }

    /// <summary>Name of a symbol, else null.</summary>
    public string? Name { get; }

    /// <summary>Summands of a sum in monomial order, else empty.</summary>
    public ImmutableArray<DimTerm> Terms { get; }

    /// <summary>Atoms of a product (sorted, repeated for powers), dividend and divisor of a quotient, sorted operands of a minimum or
    /// maximum, else empty. The operands of a sum are in <see cref="Terms"/>.</summary>
    public ImmutableArray<Dim> Operands { get; }

    /// <summary>Hash of the content alone: equal in every context and process.</summary>
    public ulong ContentHash { get; }

    /// <summary>Whether this is an integer.</summary>
    public bool IsConstant => Kind == DimKind.Constant;

    /// <summary>Whether this is a named unknown.</summary>
    public bool IsSymbol => Kind == DimKind.Symbol;

    /// <summary>Sorted atoms of a monomial: the operands of a product, else the atom itself.</summary>
    internal ImmutableArray<Dim> Factors => Kind == DimKind.Product ? Operands : self.IsDefault ? self = [this] : self;

    /// <summary>Degree as a polynomial over atoms: 0 for a constant, 1 for an atom; the degree of the leading term for a sum.</summary>
    internal int Degree => Kind switch
    {
        DimKind.Constant => 0,
        DimKind.Product => Operands.Length,
        DimKind.Sum => Terms[0].Monomial.Degree,
        _ => 1,
    };

    /// <summary>Sum. Throws <see cref="OverflowException"/> where a coefficient leaves 64 bits.</summary>
    public static Dim operator +(Dim left, Dim right) => left.Context.Combine(left, 1, right);

    /// <summary>Sum with an integer.</summary>
    public static Dim operator +(Dim left, long right) => left.Context.Combine(left, 1, left.Context.Const(right));

    /// <summary>Sum with an integer.</summary>
    public static Dim operator +(long left, Dim right) => right + left;

    /// <summary>Difference.</summary>
    public static Dim operator -(Dim left, Dim right) => left.Context.Combine(left, -1, right);

    /// <summary>Difference with an integer.</summary>
    public static Dim operator -(Dim left, long right) => left.Context.Combine(left, -1, left.Context.Const(right));

    /// <summary>Difference from an integer.</summary>
    public static Dim operator -(long left, Dim right) => right.Context.Const(left) - right;

    /// <summary>Negation.</summary>
    public static Dim operator -(Dim value) => value.Context.Scale(value, -1);

    /// <summary>Expanded product. Throws <see cref="DimTooLargeException"/> where it has too many terms.</summary>
    public static Dim operator *(Dim left, Dim right) => left.Context.Multiply(left, right);

    /// <summary>Product with an integer.</summary>
    public static Dim operator *(Dim left, long right) => left.Context.Scale(left, right);

    /// <summary>Product with an integer.</summary>
    public static Dim operator *(long left, Dim right) => right.Context.Scale(right, left);

    /// <summary>Whether this is the integer <paramref name="value"/>.</summary>
    public bool Is(long value) => Kind == DimKind.Constant && Constant == value;

    /// <summary>Quotient rounded towards minus infinity.</summary>
    /// <exception cref="DivideByZeroException">The divisor is the constant 0.</exception>
    public Dim FloorDiv(Dim divisor) => DimDivision.FloorDiv(this, divisor);

    /// <inheritdoc cref="FloorDiv(Dim)"/>
    public Dim FloorDiv(long divisor) => DimDivision.FloorDiv(this, Context.Const(divisor));

    /// <summary>Quotient rounded towards plus infinity: <c>-floordiv(-a, b)</c>.</summary>
    /// <exception cref="DivideByZeroException">The divisor is the constant 0.</exception>
    public Dim CeilDiv(Dim divisor) => DimDivision.CeilDiv(this, divisor);

    /// <inheritdoc cref="CeilDiv(Dim)"/>
    public Dim CeilDiv(long divisor) => DimDivision.CeilDiv(this, Context.Const(divisor));

    /// <summary>Remainder of floor division: <c>a - b*floordiv(a, b)</c>.</summary>
    /// <exception cref="DivideByZeroException">The divisor is the constant 0.</exception>
    public Dim Mod(Dim divisor) => this - (divisor * FloorDiv(divisor));

    /// <inheritdoc cref="Mod(Dim)"/>
    public Dim Mod(long divisor) => Mod(Context.Const(divisor));

    /// <summary>The smaller of the two.</summary>
    public Dim Min(Dim other) => DimExtremum.Create(Context, DimKind.Min, [this, other]);

    /// <summary>The smaller of the two.</summary>
    public Dim Min(long other) => Min(Context.Const(other));

    /// <summary>The greater of the two.</summary>
    public Dim Max(Dim other) => DimExtremum.Create(Context, DimKind.Max, [this, other]);

    /// <summary>The greater of the two.</summary>
    public Dim Max(long other) => Max(Context.Const(other));

    /// <summary>The polynomial q with <c>q * divisor = this</c>, or null where there is none with integer coefficients.</summary>
    public Dim? DivideExact(Dim divisor) => DimDivision.DivideExact(this, divisor);

    /// <summary>Text that the IR parser reads back, for example <c>4*B*S + floordiv(S, 2) - 1</c>.</summary>
    public override string ToString() => DimText.Print(this);
}
