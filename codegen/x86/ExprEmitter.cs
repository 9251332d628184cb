using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// Emits expressions. Values stay scalar where all lanes agree, and indices stay linear in the lane number as long as they are, so that a
/// load knows whether it is one element, neighbours, or scattered.
/// </summary>
internal sealed class ExprEmitter
{
    private readonly Frame frame;
    private readonly LaneBuilder b;
    private readonly MemoryEmitter memory;
    private readonly LinearArithmetic linear;
    private readonly Dictionary<Expr, LaneValue> emitted = new(ReferenceEqualityComparer.Instance);

    internal ExprEmitter(Frame frame)
    {
        this.frame = frame;
        b = frame.Values;
        memory = new MemoryEmitter(frame);
        linear = new LinearArithmetic(frame);
    }

    /// <summary>Forgets which expressions have values: variables or memory may change, or control flow leaves where they were computed.</summary>
    internal void BeginStatement() => emitted.Clear();

    /// <summary>Gives an expression a value for the rest of the statement.</summary>
    internal void Preset(Expr expr, LaneValue value) => emitted[expr] = value;

    /// <summary>The value in each lane.</summary>
    internal LaneValue Evaluate(Expr expr)
    {
        if (expr is IntLiteral or FloatLiteral or DimExpr or VarExpr)
        {
            return Leaf(expr);
        }

        // Expressions share parts by reference; emitting each part once keeps code linear in what was built.
        if (!emitted.TryGetValue(expr, out LaneValue value))
        {
            emitted[expr] = value = expr switch
            {
                LoadExpr load => memory.Load(load.Buffer, Evaluate(load.Index), load.Mask is null ? null : Evaluate(load.Mask)),
                UnaryExpr unary => Unary(unary),
                BinaryExpr binary => Binary(binary),
                SelectExpr select => Select(select),
                CastExpr cast => Cast(cast),
                BitcastExpr cast => Map(Evaluate(cast.Operand), x => frame.Arithmetic.Bitcast(cast.Type, cast.Operand.Type, x)),
                _ => throw new InvalidOperationException($"unknown expression {expr.GetType().Name}"),
            };
        }

        return value;
    }

    /// <summary>A value that is the same in all lanes, as a scalar.</summary>
    internal LLVMValueRef Scalar(Expr expr)
    {
        LaneValue value = Evaluate(expr);
        return value.IsUniform
            ? value.Scalar
            : throw new InvalidOperationException($"'{KernelPrinter.Text(expr)}' must be the same in all lanes");
    }

    /// <summary>The value spread over the lanes of the scope; the scalar outside vector loops.</summary>
    internal LLVMValueRef Wide(LaneValue value) => linear.Wide(value);

    /// <summary>Stores to a buffer in the lanes that run and where <paramref name="mask"/> holds.</summary>
    internal void Store(KernelBuffer buffer, Expr index, Expr value, Expr? mask) =>
        memory.Store(buffer, Evaluate(index), Evaluate(value), mask is null ? null : Evaluate(mask));

    private LaneValue Leaf(Expr expr)
    {
        if (frame.Fixed(expr) is { } known)
        {
            return LaneValue.Uniform(known);
        }

        Frame.Binding binding = frame.Lookup(((VarExpr)expr).Var);
        if (!binding.IsMutable)
        {
            return binding.Value;
        }

        LLVMValueRef value = b.Builder.BuildLoad2(binding.Type, binding.Slot);
        return binding.Lanes == 0 ? LaneValue.Uniform(value) : LaneValue.Varying(value);
    }

    private LaneValue Unary(UnaryExpr expr)
    {
        LaneValue x = Evaluate(expr.Operand);
        if (expr.Op == UnaryOp.Not && linear.Not(x) is { } rest)
        {
            return rest;
        }

        return expr.Op == UnaryOp.Neg && x.IsLinear
            ? LaneValue.Linear(b.Builder.BuildNeg(x.Scalar), b.Builder.BuildNeg(x.Stride))
            : Map(x, v => frame.Arithmetic.Unary(expr.Op, expr.Operand.Type, v));
    }

    private LaneValue Binary(BinaryExpr expr)
    {
        LaneValue x = Evaluate(expr.Left);
        if (expr.Op == BinaryOp.Pow && ArithmeticEmitter.IsSmallPower(expr.Right, out double exponent))
        {
            return Map(x, v => frame.Arithmetic.SmallPower(expr.Type, exponent, v));
        }

        LaneValue y = Evaluate(expr.Right);
        if ((x.IsLinear || y.IsLinear) && !x.IsVarying && !y.IsVarying && linear.Binary(expr.Op, x, y) is { } result)
        {
            return result;
        }

        if (expr.Op == BinaryOp.And && linear.And(x, y) is { } both)
        {
            return both;
        }

        ElementType type = expr.Left.Type;
        return x.IsUniform && y.IsUniform
            ? LaneValue.Uniform(frame.Arithmetic.Binary(expr.Op, type, x.Scalar, y.Scalar))
            : LaneValue.Varying(frame.Arithmetic.Binary(expr.Op, type, Wide(x), Wide(y)));
    }

    private LaneValue Select(SelectExpr expr)
    {
        LaneValue condition = Evaluate(expr.Condition);
        LaneValue then = Evaluate(expr.Then);
        LaneValue otherwise = Evaluate(expr.Else);
        if (then.IsZeroOutside(condition) && otherwise.IsUniform && otherwise.Scalar == otherwise.Scalar.TypeOf.Null)
        {
            return then;
        }

        if (!condition.IsUniform)
        {
            return LaneValue.Varying(b.Select(Wide(condition), Wide(then), Wide(otherwise)));
        }

        if (then.IsUniform && otherwise.IsUniform)
        {
            return LaneValue.Uniform(b.Select(condition.Scalar, then.Scalar, otherwise.Scalar));
        }

        if (then.IsVarying || otherwise.IsVarying)
        {
            return LaneValue.Varying(b.Select(condition.Scalar, Wide(then), Wide(otherwise)));
        }

        // A broadcast axis: the index or 0, decided once for all lanes.
        LLVMValueRef zero = b.Constant(b.I64, 0L);
        return LaneValue.Linear(
            b.Select(condition.Scalar, then.Scalar, otherwise.Scalar),
            b.Select(condition.Scalar, then.IsLinear ? then.Stride : zero, otherwise.IsLinear ? otherwise.Stride : zero));
    }

    private LaneValue Cast(CastExpr expr)
    {
        LaneValue x = Evaluate(expr.Operand);
        return x.IsLinear && linear.Narrow(expr.Type, x) is { } narrow
            ? narrow
            : Map(x, v => frame.Arithmetic.Cast(expr.Type, expr.Operand.Type, v));
    }

    private LaneValue Map(LaneValue x, Func<LLVMValueRef, LLVMValueRef> emit) =>
        x.IsUniform ? LaneValue.Uniform(emit(x.Scalar)) : LaneValue.Varying(emit(Wide(x)));
}
