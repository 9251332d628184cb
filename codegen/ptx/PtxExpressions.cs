using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Ptx;

/// <summary>
/// Emits expressions of one thread. Integers have two forms: as values they are 64 bits wide, as indices they may be narrow; what is not needed
/// LLVM removes.
/// </summary>
internal sealed class PtxExpressions(PtxFrame frame)
{
    private readonly LaneBuilder b = frame.Values;
    private readonly Dictionary<Expr, LLVMValueRef> values = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<Expr, LLVMValueRef> indices = new(ReferenceEqualityComparer.Instance);

    /// <summary>Forgets which expressions have values: variables or memory may change, or control flow leaves where they were computed.</summary>
    internal void BeginStatement()
    {
        values.Clear();
        indices.Clear();
    }

    internal LLVMValueRef Value(Expr expr)
    {
        if (expr is IntLiteral or FloatLiteral or DimExpr or VarExpr)
        {
            return Leaf(expr);
        }

        // Expressions share parts by reference; emitting each part once keeps code linear in what was built.
        if (!values.TryGetValue(expr, out LLVMValueRef value))
        {
            values[expr] = value = expr switch
            {
                LoadExpr load => Load(load),
                UnaryExpr unary => frame.Arithmetic.Unary(unary.Op, unary.Operand.Type, Value(unary.Operand)),
                BinaryExpr binary => Binary(binary),
                SelectExpr select => b.Select(Value(select.Condition), Value(select.Then), Value(select.Else)),
                CastExpr cast => frame.Arithmetic.Cast(cast.Type, cast.Operand.Type, Value(cast.Operand)),
                BitcastExpr cast => frame.Arithmetic.Bitcast(cast.Type, cast.Operand.Type, Value(cast.Operand)),
                _ => throw new InvalidOperationException($"unknown expression {expr.GetType().Name}"),
            };
        }

        return value;
    }

    /// <summary>An i64 expression as an index: a position in memory or the bound of a loop.</summary>
    internal LLVMValueRef Index(Expr expr)
    {
        if (!frame.IsNarrow)
        {
            return Value(expr);
        }

        switch (expr)
        {
            case IntLiteral literal when literal.Value == (int)literal.Value:
                return b.Constant(b.I32, literal.Value);
            case VarExpr { Var: var variable } when frame.Lookup(variable) is { IsMutable: false } binding:
                return binding.Index;
            case BinaryExpr or SelectExpr:
                break;
            default:
                return b.Builder.BuildTrunc(Value(expr), b.I32);
        }

        if (!indices.TryGetValue(expr, out LLVMValueRef index))
        {
            indices[expr] = index = expr is SelectExpr select
                ? b.Select(Value(select.Condition), Index(select.Then), Index(select.Else))
                : BinaryIndex((BinaryExpr)expr);
        }

        return index;
    }

    /// <summary>The address of an element.</summary>
    internal LLVMValueRef Address(KernelBuffer buffer, Expr index) =>
        b.Builder.BuildInBoundsGEP2(ScalarTypes.InMemory(b, buffer.Type), frame.Lookup(buffer), Index(index));

    internal LLVMValueRef LoadAt(ElementType type, LLVMValueRef address)
    {
        LLVMValueRef raw = b.Builder.BuildLoad2(ScalarTypes.InMemory(b, type), address);
        raw.SetAlignment((uint)type.Bytes());
        return ScalarTypes.Decode(b, type, raw);
    }

    internal void StoreAt(ElementType type, LLVMValueRef address, LLVMValueRef value) =>
        b.Builder.BuildStore(ScalarTypes.Encode(b, type, value), address).SetAlignment((uint)type.Bytes());

    /// <summary>A value made by <paramref name="then"/> where the condition holds, and zero elsewhere.</summary>
    internal LLVMValueRef Guarded(LLVMValueRef condition, Func<LLVMValueRef> then)
    {
        LLVMBasicBlockRef inside = b.Function.AppendBasicBlock(b.Context, "masked");
        LLVMBasicBlockRef exit = b.Function.AppendBasicBlock(b.Context, "masked.exit");
        LLVMBasicBlockRef before = b.Builder.InsertBlock;
        b.Builder.BuildCondBr(condition, inside, exit);
        b.Builder.PositionAtEnd(inside);

        // What is computed in there is not there afterwards.
        Dictionary<Expr, LLVMValueRef> knownValues = new(values, ReferenceEqualityComparer.Instance);
        Dictionary<Expr, LLVMValueRef> knownIndices = new(indices, ReferenceEqualityComparer.Instance);
        LLVMValueRef value = then();
        Restore(values, knownValues);
        Restore(indices, knownIndices);
        LLVMBasicBlockRef end = b.Builder.InsertBlock;
        b.Builder.BuildBr(exit);
        b.Builder.PositionAtEnd(exit);
        LLVMValueRef result = b.Builder.BuildPhi(value.TypeOf);
        result.AddIncoming(value, end);
        result.AddIncoming(value.TypeOf.Null, before);
        return result;
    }

    private static void Restore(Dictionary<Expr, LLVMValueRef> target, Dictionary<Expr, LLVMValueRef> known)
    {
        target.Clear();
        foreach ((Expr expr, LLVMValueRef value) in known)
        {
            target.Add(expr, value);
        }
    }

    private LLVMValueRef Leaf(Expr expr)
    {
        if (frame.Fixed(expr) is { } value)
        {
            return value;
        }

        PtxFrame.Binding binding = frame.Lookup(((VarExpr)expr).Var);
        return binding.IsMutable ? b.Builder.BuildLoad2(binding.Type, binding.Slot) : binding.Value;
    }

    private LLVMValueRef Load(LoadExpr load)
    {
        if (load.Mask is null)
        {
            return LoadAt(load.Type, Address(load.Buffer, load.Index));
        }

        return Guarded(Value(load.Mask), () => LoadAt(load.Type, Address(load.Buffer, load.Index)));
    }

    private LLVMValueRef Binary(BinaryExpr expr)
    {
        LLVMValueRef x = Value(expr.Left);
        return expr.Op == BinaryOp.Pow && ArithmeticEmitter.IsSmallPower(expr.Right, out double exponent)
            ? frame.Arithmetic.SmallPower(expr.Type, exponent, x)
            : frame.Arithmetic.Binary(expr.Op, expr.Left.Type, x, Value(expr.Right));
    }

    private LLVMValueRef BinaryIndex(BinaryExpr expr)
    {
        switch (expr.Op)
        {
            case BinaryOp.Add:
                return b.Builder.BuildNSWAdd(Index(expr.Left), Index(expr.Right));
            case BinaryOp.Sub:
                return b.Builder.BuildNSWSub(Index(expr.Left), Index(expr.Right));
            case BinaryOp.Mul:
                return b.Builder.BuildNSWMul(Index(expr.Left), Index(expr.Right));
            case BinaryOp.FloorDiv or BinaryOp.Mod when IsPosition(expr):
                ElementType type = IsNatural(expr) ? ElementType.UInt32 : ElementType.Int32;
                return frame.Arithmetic.Binary(expr.Op, type, Index(expr.Left), Index(expr.Right));
            case BinaryOp.Min or BinaryOp.Max when IsPosition(expr):
                return frame.Arithmetic.Binary(expr.Op, ElementType.Int32, Index(expr.Left), Index(expr.Right));
            default:
                return b.Builder.BuildTrunc(Value(expr), b.I32);
        }
    }

    /// <summary>Made of loop counters, dims and literals alone: no number from memory could be beyond the narrow range.</summary>
    internal bool IsPosition(Expr expr) => expr switch
    {
        IntLiteral or DimExpr => true,
        VarExpr variable => frame.Lookup(variable.Var).IsPosition,
        BinaryExpr binary => binary.Type == ElementType.Int64 && !binary.Op.IsComparison() && IsPosition(binary.Left) && IsPosition(binary.Right),
        _ => false,
    };

    /// <summary>Known not to be negative. Kernels of one structure share their code, so it may not depend on what is known of a dim.</summary>
    internal bool IsNatural(Expr expr) => expr switch
    {
        IntLiteral literal => literal.Value >= 0,
        VarExpr variable => frame.Lookup(variable.Var).IsNatural,
        BinaryExpr { Op: BinaryOp.Add or BinaryOp.Mul or BinaryOp.Min or BinaryOp.Max } binary => IsNatural(binary.Left) && IsNatural(binary.Right),
        BinaryExpr { Op: BinaryOp.FloorDiv or BinaryOp.Mod } binary => IsNatural(binary.Left) && (binary.Right is DimExpr || IsNatural(binary.Right)),
        _ => false,
    };
}
