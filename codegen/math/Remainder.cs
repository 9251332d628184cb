using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// C's fmod on f64 lanes, exact: a loop subtracts multiples of the divisor that have at most 52 bits, until all lanes are below it.
/// Nearly always one round. f32 widens. x infinite or y zero gives NaN; y infinite gives x.
/// </summary>
internal static class Remainder
{
    private const int FractionBits = 52;

    // Bits of quotient that one round removes: the product with the divisor stays exact in a fused multiply-add.
    private const int RoundBits = 50;

    // Exponents differ by at most 2098, so this many rounds always suffice; the bound only makes the loop's end obvious.
    private const int MaximalRounds = 64;

    internal static LLVMValueRef Emit(LaneBuilder b, LLVMValueRef x, LLVMValueRef y)
    {
        LLVMValueRef ay = b.FAbs(y);
        LLVMValueRef start = b.FAbs(x);
        LLVMBasicBlockRef entry = b.Builder.InsertBlock;
        LLVMBasicBlockRef head = b.Function.AppendBasicBlock(b.Context, "fmod.head");
        LLVMBasicBlockRef body = b.Function.AppendBasicBlock(b.Context, "fmod.body");
        LLVMBasicBlockRef exit = b.Function.AppendBasicBlock(b.Context, "fmod.exit");
        LLVMValueRef divisorExponent = Exponent(b, ay);
        b.Builder.BuildBr(head);

        b.Builder.PositionAtEnd(head);
        LLVMValueRef r = b.Builder.BuildPhi(x.TypeOf);
        LLVMValueRef round = b.Builder.BuildPhi(b.I32);
        r.AddIncoming(start, entry);
        round.AddIncoming(b.Constant(b.I32, 0L), entry);
        LLVMValueRef pending = b.Builder.BuildAnd(
            b.FCmp(LLVMRealPredicate.LLVMRealOGE, r, ay),
            b.Builder.BuildAnd(
                b.FCmp(LLVMRealPredicate.LLVMRealOGT, ay, 0.0), b.FCmp(LLVMRealPredicate.LLVMRealOLT, r, double.PositiveInfinity)));
        LLVMValueRef more = b.Builder.BuildAnd(b.Any(pending), b.ICmp(LLVMIntPredicate.LLVMIntSLT, round, MaximalRounds));
        b.Builder.BuildCondBr(more, body, exit);

        b.Builder.PositionAtEnd(body);
        LLVMValueRef shift = b.Add(b.Sub(Exponent(b, r), divisorExponent), -RoundBits);
        LLVMValueRef zero = b.Constant(shift.TypeOf, 0L);
        shift = b.Select(b.ICmp(LLVMIntPredicate.LLVMIntSGT, shift, 0), shift, zero);
        LLVMValueRef first = b.ShiftRightSigned(shift, 1);
        LLVMValueRef scaled = b.FMul(ay, FloatBits.PowerOfTwo(b, first, x.TypeOf));
        scaled = b.FMul(scaled, FloatBits.PowerOfTwo(b, b.Sub(shift, first), x.TypeOf));
        LLVMValueRef quotient = b.Trunc(b.FDiv(r, scaled));
        LLVMValueRef next = b.Fma(b.FNeg(quotient), scaled, r);

        // The rounded quotient may have been one too large.
        next = b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, next, 0.0), b.FAdd(next, scaled), next);
        next = b.Select(pending, next, r);
        r.AddIncoming(next, b.Builder.InsertBlock);
        round.AddIncoming(b.Add(round, 1), b.Builder.InsertBlock);
        b.Builder.BuildBr(head);

        b.Builder.PositionAtEnd(exit);
        LLVMValueRef bad = b.Builder.BuildOr(
            b.FCmp(LLVMRealPredicate.LLVMRealUNO, x, y),
            b.Builder.BuildOr(
                b.FCmp(LLVMRealPredicate.LLVMRealOEQ, ay, 0.0), b.FCmp(LLVMRealPredicate.LLVMRealOEQ, start, double.PositiveInfinity)));
        return b.Select(bad, b.ConstantLike(x, double.NaN), b.CopySign(r, x));
    }

    /// <summary>The remainder that takes the divisor's sign: Python's %.</summary>
    internal static LLVMValueRef EmitFloored(LaneBuilder b, LLVMValueRef x, LLVMValueRef y)
    {
        LLVMValueRef r = Emit(b, x, y);
        LLVMTypeRef integer = FloatBits.IntegerType(b, x);
        LLVMValueRef opposite = b.ICmp(
            LLVMIntPredicate.LLVMIntSLT, b.Builder.BuildXor(b.BitCast(r, integer), b.BitCast(y, integer)), 0);
        LLVMValueRef zero = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, r, 0.0);
        LLVMValueRef shifted = b.Select(opposite, b.FAdd(r, y), r);
        return b.Select(zero, b.CopySign(r, y), shifted);
    }

    /// <summary>The binary exponent of a positive number (unbiased by an arbitrary constant), denormals included.</summary>
    private static LLVMValueRef Exponent(LaneBuilder b, LLVMValueRef a)
    {
        LLVMValueRef tiny = b.FCmp(LLVMRealPredicate.LLVMRealOLT, a, 2.2250738585072014e-308);
        LLVMValueRef normal = b.Select(tiny, b.FMul(a, 18014398509481984.0), a);
        LLVMValueRef exponent = b.ShiftRightSigned(FloatBits.Bits(b, normal), FractionBits);
        return b.Select(tiny, b.Add(exponent, -54), exponent);
    }
}
