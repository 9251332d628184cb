using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>
/// Arithmetic on i64 index expressions that uses the facts and the extents of loop variables: divisions and remainders that can be proved
/// away disappear, which is what keeps views inside fused kernels free.
/// </summary>
public sealed class IndexMath(Facts facts, DimContext dims)
{
    /// <summary>The row-major offset of an index in a shape.</summary>
    public Expr Linearize(Expr[] index, Shape shape)
    {
        var strides = shape.Strides(dims);
        Expr offset = ExprFactory.Int(0);
        for (var axis = 0; axis < index.Length; axis++)
        {
            if (!shape[axis].Is(1))
            {
                offset += index[axis] * ExprFactory.Dim(strides[axis]);
            }
        }

        return offset;
    }

    /// <summary>The index in a shape of a row-major offset that is in range.</summary>
    public Expr[] Delinearize(Expr offset, Shape shape)
    {
        var index = new Expr[shape.Rank];
        var rest = offset;
        for (var axis = shape.Rank - 1; axis >= 0; axis--)
        {
            if (shape[axis].Is(1))
            {
                index[axis] = ExprFactory.Int(0);
            }
            else if (Enumerable.Range(0, axis).All(a => shape[a].Is(1)))
            {
                index[axis] = rest;
                rest = ExprFactory.Int(0);
            }
            else
            {
                (rest, index[axis]) = DivMod(rest, shape[axis]);
            }
        }

        return index;
    }

    /// <summary>Quotient and remainder of a non-negative index by a positive dim.</summary>
    public (Expr Quotient, Expr Remainder) DivMod(Expr index, Dim divisor)
    {
        var form = LinearForm.Of(index, dims);
        var whole = new LinearForm(dims);
        var rest = new LinearForm(dims);
        foreach (var (term, coefficient) in form.Terms)
        {
            if (coefficient.DivideExact(divisor) is { } quotient)
            {
                whole.Add(term, quotient);
            }
            else
            {
                rest.Add(term, coefficient);
            }
        }

        if (form.Offset.DivideExact(divisor) is { } wholeOffset)
        {
            whole.Offset = wholeOffset;
        }
        else
        {
            rest.Offset = form.Offset;
        }

        if (UpperBound(rest) is { } bound && facts.ProveLessOrEqual(bound, divisor) == Proof.True)
        {
            return (whole.ToExpr(), rest.ToExpr());
        }

        // Both parts non-negative: the whole multiples still leave the division.
        if (whole.IsZero || UpperBound(rest) is null)
        {
            var plain = form.ToExpr();
            var by = ExprFactory.Dim(divisor);
            return (ExprFactory.Binary(BinaryOp.FloorDiv, plain, by), ExprFactory.Binary(BinaryOp.Mod, plain, by));
        }

        var remaining = rest.ToExpr();
        var d = ExprFactory.Dim(divisor);
        return (whole.ToExpr() + ExprFactory.Binary(BinaryOp.FloorDiv, remaining, d), ExprFactory.Binary(BinaryOp.Mod, remaining, d));
    }

    /// <summary>
    /// How an index moves when a variable moves by one, as a dim; null when it is no linear function of the variable.
    /// </summary>
    public Dim? Stride(Expr index, Var variable)
    {
        var form = LinearForm.Of(index, dims);
        var stride = dims.Zero;
        foreach (var (term, coefficient) in form.Terms)
        {
            if (term is VarExpr read && ReferenceEquals(read.Var, variable))
            {
                stride += coefficient;
            }
            else if (LinearForm.Mentions(term, variable))
            {
                return null;
            }
        }

        return stride;
    }

    /// <summary>The coefficient of each loop variable, and true when some other term mentions one too.</summary>
    public (Dictionary<Var, Dim> Strides, HashSet<Var> Nonlinear) Strides(Expr index, IReadOnlyCollection<Var> variables)
    {
        var strides = new Dictionary<Var, Dim>();
        var nonlinear = new HashSet<Var>();
        foreach (var (term, coefficient) in LinearForm.Of(index, dims).Terms)
        {
            if (term is VarExpr read)
            {
                strides[read.Var] = strides.TryGetValue(read.Var, out var before) ? before + coefficient : coefficient;
            }
            else
            {
                nonlinear.UnionWith(variables.Where(v => LinearForm.Mentions(term, v)));
            }
        }

        return (strides, nonlinear);
    }

    /// <summary>The canonical form of a linear index: equal functions become equal expressions.</summary>
    public Expr Canonical(Expr index) => LinearForm.Of(index, dims).ToExpr();

    /// <summary>An exclusive upper bound of a form whose value is known to be non-negative, or null.</summary>
    private Dim? UpperBound(LinearForm form)
    {
        var bound = form.Offset + 1;
        if (facts.ProveLessOrEqual(dims.Zero, form.Offset) != Proof.True)
        {
            return null;
        }

        foreach (var (term, coefficient) in form.Terms)
        {
            if (Extent(term) is not { } extent || facts.ProveLessOrEqual(dims.Zero, coefficient) != Proof.True)
            {
                return null;
            }

            bound += coefficient * (extent - 1);
        }

        return bound;
    }

    private Dim? Extent(Expr term) => term switch
    {
        VarExpr read => read.Var.Extent,
        BinaryExpr { Op: BinaryOp.Mod, Right: DimExpr divisor } => divisor.Dim,
        BinaryExpr { Op: BinaryOp.Mod, Right: IntLiteral divisor } => dims.Const(divisor.Value),
        _ => null,
    };
}
