namespace Dlc.IR.Symbolic;

/// <summary>What holds of a quotient, minimum or maximum by definition.</summary>
internal static class AtomFacts
{
    /// <summary>Forms that are at least 0 whatever the symbols are.</summary>
    public static IEnumerable<LinearForm> Of(Dim atom, Rewriter rewriter, Bounds bounds)
    {
        switch (atom.Kind)
        {
            case DimKind.FloorDiv when rewriter.PinOf(atom) is not null:
                // It stands for a symbol that is a multiple of the divisor.
                return [];
            case DimKind.FloorDiv when atom.Operands[1].IsConstant:
                // 0 <= x - d*floordiv(x, d) <= d - 1.
                return Remainder(
                    LinearForm.Of(atom.Operands[0]).Combine(1, LinearForm.Of(atom), -atom.Operands[1].Constant), atom.Operands[1]);
            case DimKind.FloorDiv when bounds.Of(atom.Operands[1]).Minimum >= 1:
                try
                {
                    return Remainder(LinearForm.Of(atom.Operands[0] - (atom.Operands[1] * atom)), atom.Operands[1]);
                }
                catch (OverflowException)
                {
                    return [];
                }

            case DimKind.Min or DimKind.Max:
                var (self, sign) = (LinearForm.Of(atom), atom.Kind == DimKind.Min ? 1 : -1);
                return atom.Operands.Select(operand => LinearForm.Of(operand).Combine(sign, self, -sign)).OfType<LinearForm>();
            default:
                return [];
        }
    }

    private static IEnumerable<LinearForm> Remainder(LinearForm? remainder, Dim divisor)
    {
        if (remainder is not null)
        {
            yield return remainder;
            if (LinearForm.Of(divisor).Combine(1, remainder, -1)?.Combine(1, LinearForm.Of(divisor.Context.One), -1) is { } rest)
            {
                yield return rest;
            }
        }
    }
}
