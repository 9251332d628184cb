namespace Dlc.IR.Symbolic;

/// <summary>Decides claims from what <see cref="FactEngine"/> has made of the facts.</summary>
internal sealed class ClaimProver(
    Rewriter rewriter, Bounds bounds, InequalityProver prover, DivisibilityStore divisibility, Witnesses witnesses)
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

    /// <summary>
    /// What may be said of a claim that is about to be assumed: True where it is known as it stands, False where it is refuted. Anything else is worth
    /// storing, also if a longer proof would show that it adds nothing.
    /// </summary>
    public Proof Preview(Dim left, Relation relation, Dim right)
    {
        if (relation == Relation.Divisible)
        {
            return Prove(left, relation, right);
        }

        var (a, b) = (rewriter.Normalize(left), rewriter.Normalize(right));
        var less = relation == Relation.Less ? 1 : 0;
        if (LinearForm.Difference(b, a, less) is not { } form)
        {
            return Proof.Unknown;
        }

        var range = bounds.Of(form);
        if (ReferenceEquals(a, b) || (relation == Relation.Equal ? range is { IsPoint: true, Minimum: 0 } : range.Minimum >= 0))
        {
            return less == 0 || range.Minimum >= 0 ? Proof.True : Proof.False;
        }

        // Some binding satisfies it: then nothing refutes it, and no proof has to be looked for.
        var (below, equal, above) = Signs(form);
        return equal || (above && relation != Relation.Equal) ? Proof.Unknown
            : Prove(left, relation, right) == Proof.False ? Proof.False : Proof.Unknown;
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

        var (below, equal, above) = Signs(form);
        if (equal && (below || above))
        {
            return Proof.Unknown;
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
        if (!below && prover.IsNonNegative(form))
        {
            return !above && prover.IsNonNegative(form.Combine(-1, form, 0)!) ? Proof.True
                : !equal && prover.IsNonNegative(LinearForm.Difference(left, right, 1)!) ? Proof.False : Proof.Unknown;
        }

        return !equal && !above && LinearForm.Difference(right, left, 1) is { } less && prover.IsNonNegative(less)
            ? Proof.False : Proof.Unknown;
    }

    /// <summary>left + less &lt;= right.</summary>
    private Proof Less(Dim left, Dim right, long less)
    {
        if (LinearForm.Difference(right, left, less) is not { } form)
        {
            return Proof.Unknown;
        }

        var (below, equal, above) = Signs(form);
        if (!below && prover.IsNonNegative(form))
        {
            return Proof.True;
        }

        return equal || above ? Proof.Unknown : Opposite();

        Proof Opposite() => !equal && !above && LinearForm.Difference(left, right, 1 - less) is { } opposite && prover.IsNonNegative(opposite)
            ? Proof.False : Proof.Unknown;
    }

    /// <summary>The signs that the form has for some binding that satisfies the facts.</summary>
    private (bool Below, bool Equal, bool Above) Signs(LinearForm form)
    {
        witnesses.Update();
        if (witnesses.Alive == 0)
        {
            return default;
        }

        Span<double> lanes = stackalloc double[LaneMath.Count];
        witnesses.Values.Evaluate(form, lanes);
        var (below, equal) = (LaneMath.Negative(lanes), LaneMath.Zero(lanes));
        var above = LaneMath.Known(lanes) & ~(below | equal);
        return ((below & witnesses.Alive) != 0, (equal & witnesses.Alive) != 0, (above & witnesses.Alive) != 0);
    }

    private Proof Divisible(Dim dividend, Dim divisor)
    {
        if (divisor.Is(0))
        {
            return Proof.False;
        }

        witnesses.Update();
        if (witnesses.Alive != 0)
        {
            Span<double> left = stackalloc double[LaneMath.Count];
            Span<double> right = stackalloc double[LaneMath.Count];
            witnesses.Values.Evaluate(dividend, left);
            witnesses.Values.Evaluate(divisor, right);
            var decided = LaneMath.Known(left) & LaneMath.Known(right) & witnesses.Alive;
            var divides = WitnessValues.Divisible(left, right) & decided;
            if (divides != 0 && divides != decided)
            {
                return Proof.Unknown;
            }
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
