using System.Numerics;

namespace Dlc.IR.Symbolic;

/// <summary>
/// Proves that a form is at least 0 by a non-negative combination of facts (Farkas), found as a linear program over monomials: the facts that
/// share a symbol with the form, and with those, and so on; facts multiplied by non-negative monomials; products with the ranges of their
/// factors; and the definitions of quotients and extrema. As dims are integers, a form above -1 is at least 0. Complete over the rationals for
/// linear facts, as long as the facts that are connected with the form are few enough.
/// </summary>
internal sealed class LinearProver(Rewriter rewriter, Bounds bounds, InequalityStore store)
{
    private const int MaximumRows = 120;
    private const int MaximumMonomials = 72;

    /// <summary>Where more facts are connected than that, only the nearest are looked at.</summary>
    private const int NearestRows = 40;
    private const int NearestMonomials = 28;
    private const int MaximumPerSymbol = 48;
    private const int MaximumDegree = 6;
    private const int MaximumPairs = 24;
    private const long MaximumDenominator = 1L << 20;

    private readonly Dictionary<Dim, int> monomials = [];
    private readonly List<Dim> found = [];
    private readonly List<LinearForm> facts = [];
    private readonly HashSet<LinearForm> seen = [];

    /// <summary>Whether form >= 0 follows from a combination of facts.</summary>
    public bool IsNonNegative(LinearForm goal)
    {
        var isWhole = Gather(goal);
        if (facts.Count == 0 || (!isWhole && goal.Terms.Length <= 2 && goal.Degree == 1))
        {
            return false;
        }

        var program = new LinearProgram(found.Count);
        foreach (var fact in facts)
        {
            var at = new int[fact.Terms.Length];
            var values = new double[at.Length];
            for (var i = 0; i < at.Length; i++)
            {
                (at[i], values[i]) = (monomials[fact.Terms[i].Monomial], fact.Terms[i].Coefficient);
            }

            program.Add(at, values, fact.Constant);
        }

        for (var i = 0; i < found.Count; i++)
        {
            var range = bounds.Of(found[i]);
            if (range.Minimum != long.MinValue)
            {
                program.Add([i], [1], -(double)range.Minimum);
            }

            if (range.Maximum != long.MaxValue)
            {
                program.Add([i], [-1], range.Maximum);
            }
        }

        var right = new double[found.Count];
        foreach (var term in goal.Terms)
        {
            right[monomials[term.Monomial]] = term.Coefficient;
        }

        // goal = combination + rest with rest > -1; a little less, as doubles round.
        return program.Solve(right, goal.Constant + 1 - 1e-7) is { } solution && Check(goal, solution);
    }

    /// <summary>Collects facts about the monomials of the goal, nearest first. False where there are more than are looked at.</summary>
    private bool Gather(LinearForm goal)
    {
        monomials.Clear();
        found.Clear();
        facts.Clear();
        seen.Clear();
        Add(goal);
        var (rows, count) = (0, 0);
        for (var i = 0; i < found.Count; i++)
        {
            AddAbout(found[i]);
            if (facts.Count <= NearestRows && found.Count <= NearestMonomials)
            {
                (rows, count) = (facts.Count, found.Count);
            }
            else if (facts.Count > MaximumRows || found.Count > MaximumMonomials)
            {
                Keep(goal, rows, count);
                return false;
            }
        }

        AddPairs();
        return true;
    }

    /// <summary>Falls back to what was found first.</summary>
    private void Keep(LinearForm goal, int rows, int count)
    {
        facts.RemoveRange(rows, facts.Count - rows);
        found.RemoveRange(Math.Max(count, goal.Terms.Length), found.Count - Math.Max(count, goal.Terms.Length));
        monomials.Clear();
        for (var i = 0; i < found.Count; i++)
        {
            monomials.Add(found[i], i);
        }
    }

    private void Add(LinearForm form)
    {
        foreach (var term in form.Terms)
        {
            if (monomials.TryAdd(term.Monomial, found.Count))
            {
                found.Add(term.Monomial);
            }
        }
    }

    private void AddAbout(Dim monomial)
    {
        Dim? previous = null;
        foreach (var atom in monomial.Factors)
        {
            if (ReferenceEquals(atom, previous))
            {
                continue;
            }

            previous = atom;
            foreach (var fact in AtomFacts.Of(atom, rewriter, bounds))
            {
                AddMultiples(fact, monomial);
            }

            foreach (var symbol in SymbolSet.Of(atom))
            {
                var list = store.Of(symbol);
                for (var i = list.Count - 1; i >= Math.Max(0, list.Count - MaximumPerSymbol) && facts.Count <= MaximumRows; i--)
                {
                    if (store.Form(list[i]) is { } fact)
                    {
                        AddMultiples(fact, monomial);
                    }
                }
            }

            if (monomial.Degree > 1)
            {
                AddRange(atom, DimDivision.TryDivideMonomial(monomial, atom)!);
            }
        }
    }

    /// <summary>(x - least) * rest >= 0 and (most - x) * rest >= 0.</summary>
    private void AddRange(Dim atom, Dim rest)
    {
        if (bounds.Of(rest).Minimum < 0)
        {
            return;
        }

        var (range, self) = (bounds.Of(atom), LinearForm.Of(atom));
        if (range.Minimum != long.MinValue)
        {
            AddRow(self.Shift(-range.Minimum)?.Times(rest));
        }

        if (range.Maximum != long.MaxValue)
        {
            AddRow(self.Combine(-1, self, 0)?.Shift(range.Maximum)?.Times(rest));
        }
    }

    private void AddMultiples(LinearForm fact, Dim monomial)
    {
        foreach (var term in fact.Terms)
        {
            if (ReferenceEquals(term.Monomial, monomial))
            {
                if (fact.Terms.Length > 1)
                {
                    AddRow(fact);
                }
            }
            else if (term.Monomial.Degree < monomial.Degree
                && DimDivision.TryDivideMonomial(monomial, term.Monomial) is { } factor && bounds.Of(factor).Minimum >= 0)
            {
                AddRow(fact.Times(factor));
            }
        }
    }

    /// <summary>Products of two facts, and squares of differences, where they lead to no new monomial.</summary>
    private void AddPairs()
    {
        foreach (var monomial in found.Where(monomial => monomial.Degree == 2).ToList())
        {
            var (a, b) = (monomial.Factors[0], monomial.Factors[1]);
            if (!ReferenceEquals(a, b) && LinearForm.Difference(a, b) is { } difference
                && difference.Times(difference) is { } square && AllKnown(square))
            {
                AddRow(square);
            }
        }

        var linear = facts.Where(fact => fact.Terms.Length <= 3 && fact.Terms[0].Monomial.Degree == 1).Take(MaximumPairs).ToList();
        if (!found.Any(monomial => monomial.Degree > 1))
        {
            return;
        }

        for (var i = 0; i < linear.Count; i++)
        {
            for (var j = i; j < linear.Count && facts.Count <= MaximumRows; j++)
            {
                if (linear[i].Times(linear[j]) is { } product && AllKnown(product))
                {
                    AddRow(product);
                }
            }
        }
    }

    private bool AllKnown(LinearForm form)
    {
        foreach (var term in form.Terms)
        {
            if (!monomials.ContainsKey(term.Monomial))
            {
                return false;
            }
        }

        return true;
    }

    private void AddRow(LinearForm? fact)
    {
        if (fact is { Degree: > 1 } && !rewriter.Rules.IsEmpty)
        {
            // The goal is in normal form: products of facts have to be, to meet it.
            fact = rewriter.TryNormalize(fact.ToDim(fact.Terms[0].Monomial.Context)) is { } normal ? LinearForm.Of(normal) : null;
        }

        if (fact is { Terms.Length: > 0 } && fact.Degree <= MaximumDegree && seen.Add(fact))
        {
            facts.Add(fact);
            Add(fact);
        }
    }

    /// <summary>Whether the combination, with its multiples made whole numbers, leaves a rest above -1: in exact arithmetic.</summary>
    private bool Check(LinearForm goal, double[] solution)
    {
        long denominator = 1;
        for (var i = 0; i < facts.Count; i++)
        {
            if (solution[i] * denominator is var scaled && Math.Abs(scaled - Math.Round(scaled)) > 1e-6)
            {
                denominator *= Denominator(scaled);
                if (denominator > MaximumDenominator)
                {
                    return false;
                }
            }
        }

        var rest = new Dictionary<Dim, BigInteger>();
        var constant = (BigInteger)goal.Constant * denominator;
        foreach (var term in goal.Terms)
        {
            rest[term.Monomial] = (BigInteger)term.Coefficient * denominator;
        }

        for (var i = 0; i < facts.Count; i++)
        {
            var multiple = new BigInteger(Math.Round(solution[i] * denominator));
            if (multiple.Sign <= 0)
            {
                continue;
            }

            constant -= multiple * facts[i].Constant;
            foreach (var term in facts[i].Terms)
            {
                rest[term.Monomial] = rest.GetValueOrDefault(term.Monomial) - (multiple * term.Coefficient);
            }
        }

        foreach (var (monomial, coefficient) in rest)
        {
            var range = bounds.Of(monomial);
            var extreme = coefficient.Sign > 0 ? range.Minimum : range.Maximum;
            if (coefficient.IsZero)
            {
                continue;
            }

            if (extreme is long.MinValue or long.MaxValue)
            {
                return false;
            }

            constant += coefficient * extreme;
        }

        return constant > -denominator;
    }

    /// <summary>The least denominator of a fraction near the value, by continued fractions.</summary>
    private static long Denominator(double value)
    {
        long before = 0, now = 1;
        for (var fraction = value - Math.Floor(value); fraction > 1e-9 && now < MaximumDenominator;)
        {
            var inverse = 1 / fraction;
            (before, now) = (now, ((long)inverse * now) + before);
            if (Math.Abs((value * now) - Math.Round(value * now)) < 1e-6)
            {
                break;
            }

            fraction = inverse - Math.Floor(inverse);
        }

        return now;
    }
}
