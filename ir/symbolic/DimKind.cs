namespace Dlc.IR.Symbolic;

/// <summary>Form of a canonical <see cref="Dim"/>. Modulo and ceiling division are rewritten through floor division, so they have no kind.</summary>
public enum DimKind : byte
{
    /// <summary>An integer.</summary>
    Constant,

    /// <summary>A named unknown integer.</summary>
    Symbol,

    /// <summary>Quotient rounded towards minus infinity.</summary>
    FloorDiv,

    /// <summary>Least of two or more operands.</summary>
    Min,

    /// <summary>Greatest of two or more operands.</summary>
    Max,

    /// <summary>Product of two or more atoms (symbols, quotients, minima, maxima) with coefficient one.</summary>
    Product,

    /// <summary>Integer combination of monomials plus a constant.</summary>
    Sum,
}
