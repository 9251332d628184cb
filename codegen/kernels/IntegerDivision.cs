using Dlc.Codegen.Llvm;
using Dlc.Codegen.Numerics;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Kernels;

/// <summary>
/// Integer division that never traps. x86 has no vector instruction for it, so vectors divide in f64, which is exact for operands below
/// 2^52; wider lanes are checked at run time and fall back to one scalar division each.
/// </summary>
internal sealed class IntegerDivision(LaneBuilder b, MathLibrary math)
{
    private const long ExactLimit = 1L << 51;

    /// <summary>Div, FloorDiv, Mod or Rem of integers of <paramref name="type"/>.</summary>
    internal LLVMValueRef Emit(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        // Dividing by a constant is multiplication, for vectors too; but there is no vector product with 128 bits.
        bool shift = SplatValue(y) is > 0 and long divisor && (divisor & (divisor - 1)) == 0;
        if (LaneBuilder.Lanes(x) == 0 || shift || (IsGoodConstant(y) && type.Bytes() < sizeof(long)))
        {
            return Direct(op, type, x, y);
        }

        if (type.Bytes() < sizeof(long))
        {
            return ThroughF64(op, type, x, y);
        }

        return math.Call($"{op}.{type.ShortName()}", [x, y], x.TypeOf, p => Checked(op, type, p[0], p[1]));
    }

    private static bool IsGoodConstant(LLVMValueRef y) => SplatValue(y) is > 0;

    private static long? SplatValue(LLVMValueRef y)
    {
        if (!y.IsConstant)
        {
            return null;
        }

        if (LaneBuilder.Lanes(y) == 0)
        {
            return y.IsAConstantInt ? y.ConstIntSExt : null;
        }

        LLVMValueRef element = y.AggregateElement(0);
        for (int lane = 1; lane < LaneBuilder.Lanes(y); lane++)
        {
            if (y.AggregateElement((uint)lane) != element)
            {
                return null;
            }
        }

        return element.IsAConstantInt ? element.ConstIntSExt : null;
    }

    private LLVMValueRef Direct(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        bool signed = type.IsSigned();
        if (IsGoodConstant(y))
        {
            return signed ? FromTruncated(op, x, y, b.Builder.BuildSDiv(x, y))
                : op is BinaryOp.Div or BinaryOp.FloorDiv ? b.Builder.BuildUDiv(x, y)
                : b.Builder.BuildURem(x, y);
        }

        LLVMValueRef byZero = b.ICmp(LLVMIntPredicate.LLVMIntEQ, y, 0);
        LLVMValueRef zero = x.TypeOf.Null;
        LLVMValueRef one = b.Constant(y.TypeOf, 1L);
        if (!signed)
        {
            LLVMValueRef safe = b.Select(byZero, one, y);
            LLVMValueRef value = op is BinaryOp.Div or BinaryOp.FloorDiv ? b.Builder.BuildUDiv(x, safe) : b.Builder.BuildURem(x, safe);
            return b.Select(byZero, zero, value);
        }

        // The least integer divided by -1 overflows, and the processor traps.
        LLVMValueRef byMinusOne = b.ICmp(LLVMIntPredicate.LLVMIntEQ, y, -1);
        LLVMValueRef divisor = b.Select(b.Builder.BuildOr(byZero, byMinusOne), one, y);
        LLVMValueRef result = FromTruncated(op, x, divisor, b.Builder.BuildSDiv(x, divisor));
        if (op is BinaryOp.Div or BinaryOp.FloorDiv)
        {
            result = b.Select(byMinusOne, b.Builder.BuildNeg(x), result);
        }

        return b.Select(byZero, zero, result);
    }

    /// <summary>The wanted result from the truncated quotient by a divisor other than 0 and -1.</summary>
    private LLVMValueRef FromTruncated(BinaryOp op, LLVMValueRef x, LLVMValueRef y, LLVMValueRef quotient)
    {
        if (op == BinaryOp.Div)
        {
            return quotient;
        }

        LLVMValueRef remainder = b.Sub(x, b.Builder.BuildMul(quotient, y));
        if (op == BinaryOp.Rem)
        {
            return remainder;
        }

        LLVMValueRef opposite = b.ICmp(LLVMIntPredicate.LLVMIntSLT, b.Builder.BuildXor(remainder, y), 0);
        LLVMValueRef adjust = b.Builder.BuildAnd(b.ICmp(LLVMIntPredicate.LLVMIntNE, remainder, 0), opposite);
        return op == BinaryOp.FloorDiv
            ? b.Sub(quotient, b.Builder.BuildZExt(adjust, x.TypeOf))
            : b.Add(remainder, b.Select(adjust, y, x.TypeOf.Null));
    }

    /// <summary>Through f64, for types of at most 32 bits: every quotient truncates to the right integer.</summary>
    private LLVMValueRef ThroughF64(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        bool signed = type.IsSigned();
        LLVMTypeRef real = LaneBuilder.Like(b.F64, x);
        LLVMValueRef byZero = b.ICmp(LLVMIntPredicate.LLVMIntEQ, y, 0);
        LLVMValueRef divisor = b.Select(byZero, b.Constant(y.TypeOf, 1L), y);
        LLVMValueRef fx = signed ? b.Builder.BuildSIToFP(x, real) : b.Builder.BuildUIToFP(x, real);
        LLVMValueRef fy = signed ? b.Builder.BuildSIToFP(divisor, real) : b.Builder.BuildUIToFP(divisor, real);
        LLVMValueRef ratio = b.FDiv(fx, fy);

        // The integer conversion of 2^31 (the least i32 by -1) is undefined: through 64 bits it wraps, as the definition asks.
        LLVMTypeRef wide = LaneBuilder.Like(b.I64, x);
        ratio = op is BinaryOp.FloorDiv or BinaryOp.Mod ? b.Floor(ratio) : b.Trunc(ratio);
        LLVMValueRef quotient = b.Builder.BuildTrunc(b.BitCast(FloatBits.ToInteger(b, ratio), wide), x.TypeOf);
        LLVMValueRef result = op is BinaryOp.Div or BinaryOp.FloorDiv ? quotient : b.Sub(x, b.Builder.BuildMul(quotient, divisor));
        return b.Select(byZero, x.TypeOf.Null, result);
    }

    /// <summary>64-bit lanes: through f64 when all operands are small enough to be exact, else lane by lane.</summary>
    private LLVMValueRef Checked(BinaryOp op, ElementType type, LLVMValueRef x, LLVMValueRef y)
    {
        LLVMBasicBlockRef fast = b.Function.AppendBasicBlock(b.Context, "div.fast");
        LLVMBasicBlockRef slow = b.Function.AppendBasicBlock(b.Context, "div.slow");
        LLVMBasicBlockRef exit = b.Function.AppendBasicBlock(b.Context, "div.exit");
        LLVMValueRef large = b.Builder.BuildOr(IsLarge(type, x), IsLarge(type, y));
        b.Builder.BuildCondBr(b.Any(large), slow, fast);

        b.Builder.PositionAtEnd(fast);
        LLVMValueRef quick = Quick(op, x, y);
        b.Builder.BuildBr(exit);

        b.Builder.PositionAtEnd(slow);
        LLVMValueRef careful = x.TypeOf.Poison;
        for (int lane = 0; lane < LaneBuilder.Lanes(x); lane++)
        {
            LLVMValueRef number = b.Constant(b.I32, (long)lane);
            LLVMValueRef one = Direct(op, type, b.Builder.BuildExtractElement(x, number), b.Builder.BuildExtractElement(y, number));
            careful = b.Builder.BuildInsertElement(careful, one, number);
        }

        b.Builder.BuildBr(exit);
        b.Builder.PositionAtEnd(exit);
        LLVMValueRef result = b.Builder.BuildPhi(x.TypeOf);
        result.AddIncoming(quick, fast);
        result.AddIncoming(careful, slow);
        return result;
    }

    private LLVMValueRef IsLarge(ElementType type, LLVMValueRef x) => type.IsSigned()
        ? b.ICmp(LLVMIntPredicate.LLVMIntUGE, b.Add(x, ExactLimit), 2 * ExactLimit)
        : b.ICmp(LLVMIntPredicate.LLVMIntUGE, x, ExactLimit);

    private LLVMValueRef Quick(BinaryOp op, LLVMValueRef x, LLVMValueRef y)
    {
        LLVMTypeRef real = LaneBuilder.Like(b.F64, x);
        LLVMValueRef byZero = b.ICmp(LLVMIntPredicate.LLVMIntEQ, y, 0);
        LLVMValueRef divisor = b.Select(byZero, b.Constant(y.TypeOf, 1L), y);
        LLVMValueRef ratio = b.FDiv(FloatBits.FromInteger(b, x, real), FloatBits.FromInteger(b, divisor, real));
        ratio = op is BinaryOp.FloorDiv or BinaryOp.Mod ? b.Floor(ratio) : b.Trunc(ratio);
        LLVMValueRef quotient = FloatBits.ToInteger(b, ratio);
        LLVMValueRef result = op is BinaryOp.Div or BinaryOp.FloorDiv ? quotient : b.Sub(x, b.Builder.BuildMul(quotient, divisor));
        return b.Select(byZero, x.TypeOf.Null, result);
    }
}
