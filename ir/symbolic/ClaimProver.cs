namespace Dlc.IR.Symbolic;

/// <summary>Decides claims from what <see cref="FactEngine"/> has made of the facts.</summary>
internal sealed class ClaimProver(Rewriter rewriter, Bounds bounds, InequalityProver prover, DivisibilityStore divisibility)
{
    public Proof Prove(Dim left, Relation relation, Dim right)
    {
        var a = rewriter.Normalize(left);
        var b = rewriter.Normalize(right);
        return relation switch
        {
            Relation.Equal => Equal(a, b),
            Relation.LessOrEqual => Less(a, b, 0),
            Relation.Less => Less(a, b, 1),
            Relation.Divisible => Divisible(a, b),
            _ => throw new ArgumentOutOfRangeException(nameof(relation)),
        };
    }

    private Proof Equal(Dim left, Dim right)
    {
        if (ReferenceEquals(left, right))
        {
            return Proof.True;
        }

        if (LinearForm.Difference(left, right) is not { } form)
        {
            return Proof.Unknown;
        }

        // g*(...) + c = 0 has no integer solution where g does not divide c.
        var content = form.Content();
        if (content == 0 || IntegerMath.Mod(form.Constant, content) != 0)
        {
            return form.Constant == 0 && content == 0 ? Proof.True : Proof.False;
        }

        var range = bounds.Of(form);
        if (!range.Contains(0))
        {
            return Proof.False;
        }

        if (range.IsPoint || rewriter.Rules.IsZero(left, right))
        {
            return Proof.True;
        }

        // A strict relation implies the weak one: only where the weak one is proved is the strict one tried.
        if (prover.IsNonNegative(form))
        {
            return prover.IsNonNegative(form.Combine(-1, form, 0)!) ? Proof.True
                : prover.IsNonNegative(LinearForm.Difference(left, right, 1)!) ? Proof.False : Proof.Unknown;
        }

        return LinearForm.Difference(right, left, 1) is { } below && prover.IsNonNegative(below) ? Proof.False : Proof.Unknown;
    }

    /// <summary>left + less &lt;= right.</summary>
    private Proof Less(Dim left, Dim right, long less)
    {
        if (LinearForm.Difference(right, left, less) is not { } form)
        {
            return Proof.Unknown;
        }

        var range = bounds.Of(form);
        if (range.Minimum >= 0)
        {
            return Proof.True;
        }

        if (range.Maximum < 0)
        {
            return Proof.False;
        }

        if (prover.IsNonNegative(form))
        {
            return Proof.True;
        }

        return LinearForm.Difference(left, right, 1 - less) is { } opposite && prover.IsNonNegative(opposite)
            ? Proof.False : Proof.Unknown;
    }

    private Proof Divisible(Dim dividend, Dim divisor)
    {
        if (divisor.Is(0))
        {
            return Proof.False;
        }

        var known = divisibility.Prove(dividend, divisor);
        if (known != Proof.Unknown || divisor.IsConstant)
        {
            return known;
        }

        // A divisor that may be 0 divides nothing there.
        if (bounds.Of(divisor).Contains(0))
        {
            return Proof.Unknown;
        }

        return dividend.DivideExact(divisor) is not null ? Proof.True : Proof.Unknown;
    }
}
