using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>Makes expressions, folding what needs no knowledge beyond the literals at hand.</summary>
public static class ExprFactory
{
    public static Expr Int(long value, ElementType type = ElementType.Int64) =>
        type.IsFloat() ? new FloatLiteral(type, value) : new IntLiteral(type, value);

    public static Expr Float(double value, ElementType type = ElementType.Float32) => new FloatLiteral(type, value);

    /// <summary>A literal of any type; integers take the truncated value.</summary>
    public static Expr Literal(double value, ElementType type) =>
        type.IsFloat() ? new FloatLiteral(type, value) : new IntLiteral(type, (long)value);

    public static Expr Bool(bool value) => new IntLiteral(ElementType.Bool, value ? 1 : 0);

    public static Expr Dim(Dim dim) => dim.IsConstant ? Int(dim.Constant) : new DimExpr(dim);

    public static Expr Read(Var variable) => new VarExpr(variable);

    public static Expr Unary(UnaryOp op, Expr x)
    {
        if (op == UnaryOp.IsNaN)
        {
            return x.Type.IsFloat() ? new BinaryExpr(BinaryOp.NotEqual, x, x) : Bool(false);
        }

        return (op, x) switch
        {
            (UnaryOp.Not, IntLiteral literal) => Bool(literal.Value == 0),
            (UnaryOp.Neg, IntLiteral { Type: ElementType.Int64 } literal) => Int(unchecked(-literal.Value)),
            (UnaryOp.Neg, FloatLiteral literal) => new FloatLiteral(literal.Type, -literal.Value),
            (UnaryOp.Floor or UnaryOp.Ceil or UnaryOp.Round or UnaryOp.Trunc, _) when !x.Type.IsFloat() => x,
            _ => new UnaryExpr(op, x),
        };
    }

    public static Expr Binary(BinaryOp op, Expr a, Expr b)
    {
        if (a.Type != b.Type)
        {
            throw new ArgumentException($"{op} needs two operands of one type, not {a.Type} and {b.Type}");
        }

        if (a.Type == ElementType.Int64 && FoldInt64(op, a, b) is { } folded)
        {
            return folded;
        }

        if (a.Type == ElementType.Bool && op is BinaryOp.And or BinaryOp.Or)
        {
            var absorbing = op == BinaryOp.Or ? 1 : 0;
            if (a is IntLiteral x)
            {
                return x.Value == absorbing ? a : b;
            }

            if (b is IntLiteral y)
            {
                return y.Value == absorbing ? b : a;
            }
        }

        return new BinaryExpr(op, a, b);
    }

    public static Expr Less(Expr a, Expr b) => Binary(BinaryOp.Less, a, b);

    public static Expr LessOrEqual(Expr a, Expr b) => Binary(BinaryOp.LessOrEqual, a, b);

    public static Expr Equal(Expr a, Expr b) => Binary(BinaryOp.Equal, a, b);

    public static Expr And(Expr a, Expr b) => Binary(BinaryOp.And, a, b);

    public static Expr Or(Expr a, Expr b) => Binary(BinaryOp.Or, a, b);

    public static Expr Min(Expr a, Expr b) => Binary(BinaryOp.Min, a, b);

    public static Expr Max(Expr a, Expr b) => Binary(BinaryOp.Max, a, b);

    public static Expr Not(Expr a) => Unary(UnaryOp.Not, a);

    public static Expr Select(Expr condition, Expr then, Expr otherwise)
    {
        if (then.Type != otherwise.Type)
        {
            throw new ArgumentException($"a select has one type, not {then.Type} and {otherwise.Type}");
        }

        if (condition is IntLiteral literal)
        {
            return literal.Value != 0 ? then : otherwise;
        }

        return then.Equals(otherwise) ? then : new SelectExpr(condition, then, otherwise);
    }

    public static Expr Cast(ElementType type, Expr x)
    {
        if (x.Type == type)
        {
            return x;
        }

        return x switch
        {
            IntLiteral literal when type.IsFloat() && !literal.Type.IsUnsigned() => new FloatLiteral(type, literal.Value),
            IntLiteral literal when type is ElementType.Int64 && !literal.Type.IsUnsigned() => Int(literal.Value),
            _ => new CastExpr(type, x),
        };
    }

    public static Expr Load(KernelBuffer buffer, Expr index, Expr? mask = null) =>
        new LoadExpr(buffer, index, mask is IntLiteral { Value: 1 } ? null : mask);

    private static Expr? FoldInt64(BinaryOp op, Expr a, Expr b)
    {
        if (a is DimExpr or IntLiteral && b is DimExpr or IntLiteral && (a is DimExpr || b is DimExpr))
        {
            // Dim arithmetic stays symbolic: the host computes it once a launch instead of every work item.
            var context = ((a as DimExpr) ?? (DimExpr)b).Dim.Context;
            var x = AsDim(a, context);
            var y = AsDim(b, context);
            switch (op)
            {
                case BinaryOp.Add: return Dim(x + y);
                case BinaryOp.Sub: return Dim(x - y);
                case BinaryOp.Mul: return Dim(x * y);
                case BinaryOp.Min: return Dim(x.Min(y));
                case BinaryOp.Max: return Dim(x.Max(y));
                case BinaryOp.FloorDiv when y is { IsConstant: true, Constant: > 0 }: return Dim(x.FloorDiv(y));
                case BinaryOp.Mod when y is { IsConstant: true, Constant: > 0 }: return Dim(x.Mod(y));
                default: return null;
            }
        }

        if (a is IntLiteral la && b is IntLiteral lb)
        {
            return op switch
            {
                BinaryOp.Add => Int(la.Value + lb.Value),
                BinaryOp.Sub => Int(la.Value - lb.Value),
                BinaryOp.Mul => Int(la.Value * lb.Value),
                BinaryOp.Min => Int(Math.Min(la.Value, lb.Value)),
                BinaryOp.Max => Int(Math.Max(la.Value, lb.Value)),
                BinaryOp.FloorDiv when lb.Value > 0 => Int(IntegerMath.FloorDiv(la.Value, lb.Value)),
                BinaryOp.Mod when lb.Value > 0 => Int(IntegerMath.Mod(la.Value, lb.Value)),
                BinaryOp.Equal => Bool(la.Value == lb.Value),
                BinaryOp.NotEqual => Bool(la.Value != lb.Value),
                BinaryOp.Less => Bool(la.Value < lb.Value),
                BinaryOp.LessOrEqual => Bool(la.Value <= lb.Value),
                _ => null,
            };
        }

        return (op, a, b) switch
        {
            (BinaryOp.Add, IntLiteral { Value: 0 }, _) => b,
            (BinaryOp.Add or BinaryOp.Sub, _, IntLiteral { Value: 0 }) => a,
            (BinaryOp.Mul, IntLiteral { Value: 1 }, _) => b,
            (BinaryOp.Mul or BinaryOp.FloorDiv, _, IntLiteral { Value: 1 }) => a,
            (BinaryOp.Mul, IntLiteral { Value: 0 }, _) => a,
            (BinaryOp.Mul, _, IntLiteral { Value: 0 }) => b,
            (BinaryOp.Mod, _, IntLiteral { Value: 1 }) => Int(0),
            (BinaryOp.Equal or BinaryOp.LessOrEqual, _, _) when a.Equals(b) => Bool(true),
            (BinaryOp.NotEqual or BinaryOp.Less, _, _) when a.Equals(b) => Bool(false),
            (BinaryOp.Min or BinaryOp.Max, _, _) when a.Equals(b) => a,
            _ => null,
        };
    }

    private static Dim AsDim(Expr expr, DimContext context) =>
        expr is DimExpr dim ? dim.Dim : context.Const(((IntLiteral)expr).Value);
}
