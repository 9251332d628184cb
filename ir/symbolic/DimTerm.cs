namespace Dlc.IR.Symbolic;

/// <summary>One summand of a polynomial: <paramref name="Coefficient"/> (never zero) times <paramref name="Monomial"/> (an atom or a product).</summary>
public readonly record struct DimTerm(long Coefficient, Dim Monomial);
