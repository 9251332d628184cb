namespace Dlc.IR.Symbolic;

/// <summary>Builds canonical minima and maxima.</summary>
internal static class DimExtremum
{
    /// <summary>
    /// Flattens, drops operands that differ from another only by a constant, and shifts out the constant of the first operand, so that
    /// <c>min(a + 1, b + 1)</c> and <c>min(a, b) + 1</c> are one form.
    /// </summary>
    public static Dim Create(DimContext context, DimKind kind, IEnumerable<Dim> operands)
    {
        var best = new Dictionary<Dim, long>();
        foreach (var operand in operands)
        {
            context.Check(operand);
            Add(operand, 0);
        }

        var sorted = best.Select(pair => pair.Key + pair.Value).ToList();
        sorted.Sort(DimOrder.ComparePolynomials);
        if (sorted.Count == 1)
        {
            return sorted[0];
        }

        // The first operand after sorting does not depend on a common shift, as the order ignores constants until the end.
        var shift = DimContext.Polynomial(sorted[0]).Constant;
        var shifted = sorted.Select(operand => operand - shift);
        return context.Intern(new Dim(context, kind, 0, null, [], [.. shifted])) + shift;

        void Add(Dim operand, long offset)
        {
            // A nested extremum of the same kind may stand alone or with a constant; its own operands are never nested again.
            var (constant, terms) = DimContext.Polynomial(operand);
            if (terms.Length == 1 && terms[0].Coefficient == 1 && terms[0].Monomial.Kind == kind)
            {
                foreach (var inner in terms[0].Monomial.Operands)
                {
                    AddFlat(inner, checked(offset + constant));
                }
            }
            else
            {
                AddFlat(operand, offset);
            }
        }

        void AddFlat(Dim operand, long offset)
        {
            var constant = DimContext.Polynomial(operand).Constant;
            var key = operand - constant;
            var value = checked(constant + offset);
            if (best.TryGetValue(key, out var known))
            {
                value = kind == DimKind.Min ? Math.Min(known, value) : Math.Max(known, value);
            }

            best[key] = value;
        }
    }
}
