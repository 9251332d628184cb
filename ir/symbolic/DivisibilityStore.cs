namespace Dlc.IR.Symbolic;

/// <summary>Divisibility that rewriting does not show: of sums, and by symbolic divisors.</summary>
internal sealed class DivisibilityStore(Rewriter rewriter)
{
    private const int MaximumTried = 16;
    private const int MaximumDepth = 3;

    private readonly List<(Dim Dividend, Dim Divisor)> given = [];
    private readonly Dictionary<Dim, List<(Dim Dividend, Dim Divisor)>> byMonomial = [];
    private bool stale;

    public void Add(Dim dividend, Dim divisor)
    {
        given.Add((dividend, divisor));
        Index(dividend, divisor);
    }

    /// <summary>Rewrites have changed: the index is built again when it is next used.</summary>
    public void Changed() => stale = given.Count > 0;

    /// <summary>dividend mod divisor = 0, for normal forms; the divisor is not the constant 0.</summary>
    public Proof Prove(Dim dividend, Dim divisor)
    {
        if (stale)
        {
            stale = false;
            byMonomial.Clear();
            foreach (var (left, right) in given)
            {
                Index(rewriter.Normalize(left), rewriter.Normalize(right));
            }
        }

        if (!divisor.IsConstant)
        {
            return Facts(dividend).Any(fact => ReferenceEquals(fact.Divisor, divisor) && Covers(fact.Dividend, dividend))
                ? Proof.True : Proof.Unknown;
        }

        var modulus = divisor.Constant == long.MinValue ? throw new OverflowException() : Math.Abs(divisor.Constant);
        return modulus == 1 || dividend.DivideExact(divisor) is not null ? Proof.True : Congruent(dividend, modulus, MaximumDepth);
    }

    /// <summary>Whether a known multiple of the divisor divides this one as a polynomial: then this is a multiple too.</summary>
    private static bool Covers(Dim fact, Dim dividend) => ReferenceEquals(fact, dividend) || dividend.DivideExact(fact) is not null;

    private Proof Congruent(Dim dividend, long modulus, int depth)
    {
        // Whole multiples of the modulus do not matter.
        var context = dividend.Context;
        var (constant, terms) = DimContext.Polynomial(dividend);
        var residue = context.Sum(terms.Select(term => IntegerMath.Mod(term.Coefficient, modulus) * term.Monomial))
            + IntegerMath.Mod(constant, modulus);
        if (residue.Is(0))
        {
            return Proof.True;
        }

        var form = LinearForm.Of(residue);
        var shared = IntegerMath.Gcd(form.Content(), modulus);
        if (form.Constant % shared != 0)
        {
            return Proof.False;
        }

        if (depth == 0 || byMonomial.Count == 0)
        {
            return Proof.Unknown;
        }

        var answer = Proof.Unknown;
        foreach (var (fact, factDivisor) in Facts(residue))
        {
            if (!factDivisor.IsConstant || factDivisor.Constant % modulus != 0)
            {
                continue;
            }

            // Take the multiple of the fact that cancels one shared monomial.
            foreach (var term in DimContext.Polynomial(fact).Terms)
            {
                var own = DimContext.Polynomial(residue).Terms.FirstOrDefault(other => ReferenceEquals(other.Monomial, term.Monomial));
                if (own.Monomial is not null && own.Coefficient % term.Coefficient == 0)
                {
                    var next = Congruent(residue - (own.Coefficient / term.Coefficient * fact), modulus, depth - 1);
                    if (next != Proof.Unknown)
                    {
                        return next;
                    }
                }
            }
        }

        return answer;
    }

    private List<(Dim Dividend, Dim Divisor)> Facts(Dim dividend) =>
    [
        .. DimContext.Polynomial(dividend).Terms
            .SelectMany(term => DimContext.Factors(term.Monomial).Append(term.Monomial))
            .SelectMany(monomial => byMonomial.GetValueOrDefault(monomial) ?? [])
            .Distinct().Take(MaximumTried),
    ];

    private void Index(Dim dividend, Dim divisor)
    {
        foreach (var monomial in DimContext.Polynomial(dividend).Terms
            .SelectMany(term => DimContext.Factors(term.Monomial).Append(term.Monomial)).Distinct())
        {
            if (!byMonomial.TryGetValue(monomial, out var list))
            {
                byMonomial.Add(monomial, list = []);
            }

            list.Add((dividend, divisor));
        }
    }
}
