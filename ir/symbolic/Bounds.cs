namespace Dlc.IR.Symbolic;

/// <summary>
/// Ranges of monomials and of whole linear parts, and interval arithmetic over them. Holds only what was narrowed explicitly; the rest
/// follows from the operands.
/// </summary>
internal sealed class Bounds
{
    private readonly Dictionary<Dim, DimRange> monomials = [];
    private readonly Dictionary<LinearForm, DimRange> parts = [];
    private (DimRange Range, int Version)[] memo = [];
    private int version = 1;

    /// <summary>Grows whenever something is narrowed.</summary>
    public int Version => version;

    /// <summary>The range of an expression as it stands: no rewriting.</summary>
    public DimRange Of(Dim root)
    {
        if (TryGetMemo(root, out var range))
        {
            return range;
        }

        if (root.IsSymbol)
        {
            return monomials.TryGetValue(root, out range) ? range : DimRange.Unbounded;
        }

        var work = new Stack<Dim>();
        work.Push(root);
        while (work.TryPeek(out var dim))
        {
            if (TryGetMemo(dim, out _))
            {
                work.Pop();
                continue;
            }

            var ready = work.Count;
            foreach (var operand in dim.Operands)
            {
                Need(operand);
            }

            foreach (var term in dim.Terms)
            {
                Need(term.Monomial);
            }

            if (work.Count == ready)
            {
                SetMemo(dim, Compute(dim));
                work.Pop();
            }
        }

        TryGetMemo(root, out range);
        return range;

        void Need(Dim operand)
        {
            if (!TryGetMemo(operand, out _))
            {
                work.Push(operand);
            }
        }
    }

    /// <summary>The range of a linear form: sum of its terms, tightened by what is known of the part as a whole and by remainders.</summary>
    public DimRange Of(LinearForm form)
    {
        var range = Interval.Point(form.Constant);
        var nonlinear = false;
        foreach (var term in form.Terms)
        {
            range = Interval.Add(range, Interval.Scale(Of(term.Monomial), term.Coefficient));
            nonlinear |= term.Monomial.Kind == DimKind.Product;
        }

        if (form.Terms.Length < 2)
        {
            return range;
        }

        var part = form.Part(out var scale);
        if (parts.TryGetValue(part, out var known))
        {
            range = range.Intersect(Interval.Add(Interval.Scale(known, scale), Interval.Point(form.Constant)));
        }

        range = range.Intersect(OfRemainders(form));
        if (nonlinear && form.Terms.Length <= ShiftedForm.MaximumTerms)
        {
            var low = ShiftedForm.Minimum(this, form, 1);
            var high = ShiftedForm.Minimum(this, form, -1);
            range = range.Intersect(new DimRange(low, high == long.MinValue ? long.MaxValue : -high));
        }

        return range;
    }

    /// <summary>Whether form >= 0 follows from bounds alone.</summary>
    public bool IsNonNegative(LinearForm form)
    {
        Int128 minimum = form.Constant;
        var rising = false;
        var bounded = true;
        foreach (var term in form.Terms)
        {
            var low = Interval.Scale(Of(term.Monomial), term.Coefficient).Minimum;
            bounded &= low != long.MinValue;
            minimum += low;
            rising |= term.Coefficient > 0 && term.Monomial.Kind == DimKind.Product;
        }

        if (bounded && minimum >= 0)
        {
            return true;
        }

        if (form.Terms.Length < 2)
        {
            return false;
        }

        var part = form.Part(out var scale);
        if (parts.TryGetValue(part, out var known)
            && Interval.Add(Interval.Scale(known, scale), Interval.Point(form.Constant)).Minimum >= 0)
        {
            return true;
        }

        return OfRemainders(form).Minimum >= 0
            || (rising && form.Terms.Length <= ShiftedForm.MaximumTerms && ShiftedForm.Minimum(this, form, 1) >= 0);
    }

    /// <summary>Narrows a monomial. True where it became tighter.</summary>
    public bool Narrow(Dim monomial, DimRange range, out DimRange now)
    {
        var before = Of(monomial);
        now = before.Intersect(range);
        if (now == before)
        {
            return false;
        }

        monomials[monomial] = now;
        version++;
        return true;
    }

    /// <summary>Narrows a form of two or more terms as a whole. True where it became tighter.</summary>
    public bool NarrowPart(LinearForm part, DimRange range)
    {
        if (!parts.TryGetValue(part, out var before))
        {
            before = DimRange.Unbounded;
        }

        var now = before.Intersect(range);
        if (now == before)
        {
            return false;
        }

        parts[part] = now;
        version++;
        return true;
    }

    private DimRange Compute(Dim dim)
    {
        DimRange range;
        switch (dim.Kind)
        {
            case DimKind.Constant:
                return Interval.Point(dim.Constant);
            case DimKind.Symbol:
                range = DimRange.Unbounded;
                break;
            case DimKind.FloorDiv:
                range = Interval.FloorDiv(Of(dim.Operands[0]), Of(dim.Operands[1]));
                break;
            case DimKind.Min:
                range = Of(dim.Operands[0]);
                foreach (var operand in dim.Operands)
                {
                    var next = Of(operand);
                    range = new DimRange(Math.Min(range.Minimum, next.Minimum), Math.Min(range.Maximum, next.Maximum));
                }

                break;
            case DimKind.Max:
                range = Of(dim.Operands[0]);
                foreach (var operand in dim.Operands)
                {
                    var next = Of(operand);
                    range = new DimRange(Math.Max(range.Minimum, next.Minimum), Math.Max(range.Maximum, next.Maximum));
                }

                break;
            case DimKind.Product:
                range = OfProduct(dim);
                break;
            case DimKind.Sum:
                return Of(LinearForm.Of(dim));
            default:
                throw new InvalidOperationException($"Unknown kind of dim: {dim.Kind}.");
        }

        return monomials.TryGetValue(dim, out var bound) ? range.Intersect(bound) : range;
    }

    private DimRange OfProduct(Dim product)
    {
        var range = Interval.Point(1);
        for (var i = 0; i < product.Operands.Length;)
        {
            var atom = product.Operands[i];
            var power = 0;
            var piece = Interval.Point(1);
            for (; i < product.Operands.Length && ReferenceEquals(product.Operands[i], atom); i++, power++)
            {
                piece = Interval.Multiply(piece, Of(atom));
            }

            range = Interval.Multiply(range, power % 2 == 0 ? piece with { Minimum = Math.Max(piece.Minimum, 0) } : piece);
        }

        return range;
    }

    /// <summary>Terms that make up j * (x - d*floordiv(x, d)) lie within j * [0, d-1].</summary>
    private DimRange OfRemainders(LinearForm form)
    {
        var rest = form;
        var offset = Interval.Point(0);
        foreach (var term in form.Terms)
        {
            if (term.Monomial.Kind != DimKind.FloorDiv || !term.Monomial.Operands[1].IsConstant)
            {
                continue;
            }

            var divisor = term.Monomial.Operands[1].Constant;
            if (term.Coefficient % divisor != 0)
            {
                continue;
            }

            // rest + j*(d*A - x) has neither A nor the terms of x; j is minus the multiple of the remainder.
            var multiple = -(term.Coefficient / divisor);
            var remainder = LinearForm.Difference(term.Monomial.Operands[0], term.Monomial.Context.Zero)
                ?.Combine(1, LinearForm.Of(term.Monomial), -divisor);
            var next = remainder is null ? null : rest.Combine(1, remainder, -multiple);
            if (next is not null && next.Terms.Length < rest.Terms.Length)
            {
                rest = next;
                offset = Interval.Add(offset, Interval.Scale(new DimRange(0, divisor - 1), multiple));
            }
        }

        if (ReferenceEquals(rest, form))
        {
            return DimRange.Unbounded;
        }

        var range = Interval.Add(offset, Interval.Point(rest.Constant));
        foreach (var term in rest.Terms)
        {
            range = Interval.Add(range, Interval.Scale(Of(term.Monomial), term.Coefficient));
        }

        return range;
    }

    private bool TryGetMemo(Dim dim, out DimRange range)
    {
        if ((uint)dim.Id < (uint)memo.Length && memo[dim.Id].Version == version)
        {
            range = memo[dim.Id].Range;
            return true;
        }

        range = default;
        return false;
    }

    private void SetMemo(Dim dim, DimRange range)
    {
        if (dim.Id >= memo.Length)
        {
            Array.Resize(ref memo, Math.Max(Math.Max(256, dim.Id + 1), 2 * memo.Length));
        }

        memo[dim.Id] = (range, version);
    }
}
