using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>An index expression as a sum of dims times terms that are not sums themselves, plus a dim.</summary>
internal sealed class LinearForm(DimContext dims)
{
    private readonly List<(Expr Term, Dim Coefficient)> _terms = [];

    public Dim Offset { get; set; } = dims.Zero;

    public IReadOnlyList<(Expr Term, Dim Coefficient)> Terms => _terms;

    public bool IsZero => _terms.Count == 0 && Offset.Is(0);

    public static LinearForm Of(Expr expr, DimContext dims)
    {
        var form = new LinearForm(dims);
        var pending = new Stack<(Expr, Dim)>();
        pending.Push((expr, dims.One));
        while (pending.TryPop(out var item))
        {
            var (part, scale) = item;
            switch (part)
            {
                case IntLiteral literal:
                    form.Offset += scale * literal.Value;
                    break;
                case DimExpr dim:
                    form.Offset += scale * dim.Dim;
                    break;
                case BinaryExpr { Op: BinaryOp.Add } sum:
                    pending.Push((sum.Right, scale));
                    pending.Push((sum.Left, scale));
                    break;
                case BinaryExpr { Op: BinaryOp.Sub } difference:
                    pending.Push((difference.Right, -scale));
                    pending.Push((difference.Left, scale));
                    break;
                case UnaryExpr { Op: UnaryOp.Neg } negated:
                    pending.Push((negated.Operand, -scale));
                    break;
                case BinaryExpr { Op: BinaryOp.Mul, Right: DimExpr factor } product:
                    pending.Push((product.Left, scale * factor.Dim));
                    break;
                case BinaryExpr { Op: BinaryOp.Mul, Left: DimExpr factor } product:
                    pending.Push((product.Right, scale * factor.Dim));
                    break;
                case BinaryExpr { Op: BinaryOp.Mul, Right: IntLiteral factor } product:
                    pending.Push((product.Left, scale * factor.Value));
                    break;
                case BinaryExpr { Op: BinaryOp.Mul, Left: IntLiteral factor } product:
                    pending.Push((product.Right, scale * factor.Value));
                    break;
                default:
                    form.Add(part, scale);
                    break;
            }
        }

        form.Recombine();
        return form;
    }

    public static bool Mentions(Expr expr, Var variable) => expr switch
    {
        VarExpr read => ReferenceEquals(read.Var, variable),
        UnaryExpr unary => Mentions(unary.Operand, variable),
        BinaryExpr binary => Mentions(binary.Left, variable) || Mentions(binary.Right, variable),
        SelectExpr select => Mentions(select.Condition, variable) || Mentions(select.Then, variable) || Mentions(select.Else, variable),
        CastExpr cast => Mentions(cast.Operand, variable),
        BitcastExpr cast => Mentions(cast.Operand, variable),
        LoadExpr load => Mentions(load.Index, variable) || (load.Mask is not null && Mentions(load.Mask, variable)),
        _ => false,
    };

    /// <summary><c>(x mod d)*c + floor(x/d)*(c*d)</c> is <c>x*c</c>: an index that was split over axes and is joined again.</summary>
    private void Recombine()
    {
        for (var i = 0; i < _terms.Count; i++)
        {
            if (_terms[i].Term is not BinaryExpr { Op: BinaryOp.Mod } remainder || AsDim(remainder.Right) is not { } divisor)
            {
                continue;
            }

            var (coefficient, scaled) = (_terms[i].Coefficient, _terms[i].Coefficient * divisor);
            var quotient = new BinaryExpr(BinaryOp.FloorDiv, remainder.Left, remainder.Right);
            var j = _terms.FindIndex(t => ReferenceEquals(t.Coefficient, scaled) && t.Term.Equals(quotient));
            if (j < 0)
            {
                continue;
            }

            _terms.RemoveAt(Math.Max(i, j));
            _terms.RemoveAt(Math.Min(i, j));
            var joined = Of(remainder.Left, dims);
            foreach (var (term, factor) in joined._terms)
            {
                Add(term, factor * coefficient);
            }

            Offset += joined.Offset * coefficient;
            i = -1;
        }
    }

    private Dim? AsDim(Expr expr) => expr switch { DimExpr d => d.Dim, IntLiteral l => dims.Const(l.Value), _ => null };

    public void Add(Expr term, Dim coefficient)
    {
        for (var i = 0; i < _terms.Count; i++)
        {
            if (_terms[i].Term.Equals(term))
            {
                var sum = _terms[i].Coefficient + coefficient;
                if (sum.Is(0))
                {
                    _terms.RemoveAt(i);
                }
                else
                {
                    _terms[i] = (term, sum);
                }

                return;
            }
        }

        if (!coefficient.Is(0))
        {
            _terms.Add((term, coefficient));
        }
    }

    public Expr ToExpr()
    {
        Expr sum = ExprFactory.Dim(Offset);
        Expr? terms = null;
        foreach (var (term, coefficient) in _terms)
        {
            var product = term * ExprFactory.Dim(coefficient);
            terms = terms is null ? product : terms + product;
        }

        return terms is null ? sum : terms + sum;
    }
}
