using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// Natural logarithm: x = 2^e m with m in [sqrt(1/2), sqrt(2)), then a polynomial around m = 1. f32 below 1.5e-7 relative, f64 below
/// 3e-16. 0 gives -infinity, negative numbers NaN; denormals are exact.
/// </summary>
internal static class Logarithm
{
    internal static LLVMValueRef Emit(LaneBuilder b, LLVMValueRef x)
    {
        bool wide = LaneBuilder.IsF64(x);

        // Denormals have no exponent to read: scale them into range first.
        LLVMValueRef tiny = b.FCmp(LLVMRealPredicate.LLVMRealOLT, x, wide ? 2.2250738585072014e-308 : 1.1754943508222875e-38);
        LLVMValueRef scaled = b.Select(tiny, b.FMul(x, wide ? 18014398509481984.0 : 8388608.0), x);
        LLVMValueRef bits = FloatBits.Bits(b, scaled);

        // Subtracting the bits of sqrt(1/2) makes the exponent field count from there.
        LLVMValueRef above = b.Add(bits, wide ? -0x3fe6a09e667f3bcd : -0x3f3504f3);
        int fraction = wide ? 52 : 23;
        LLVMValueRef exponent = b.ShiftRightSigned(above, fraction);
        LLVMValueRef m = b.BitCast(b.Sub(bits, b.ShiftLeft(exponent, fraction)), x.TypeOf);
        LLVMValueRef e = FloatBits.FromInteger(b, exponent, x.TypeOf);
        e = b.Select(tiny, b.FAdd(e, wide ? -54.0 : -23.0), e);
        LLVMValueRef f = b.FAdd(m, -1.0);
        LLVMValueRef result = wide ? CombineF64(b, f, e) : CombineF32(b, f, e);

        // Infinity and NaN pass through; an ordered comparison is false for NaN.
        result = b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, x, double.PositiveInfinity), result, x);
        result = b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOEQ, x, 0.0), b.ConstantLike(x, double.NegativeInfinity), result);
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, x, 0.0), b.ConstantLike(x, double.NaN), result);
    }

    /// <summary>ln(1 + x), accurate near 0 (f64 only).</summary>
    internal static LLVMValueRef EmitOnePlus(LaneBuilder b, LLVMValueRef x)
    {
        // ln(w) corrected by what rounding 1 + x to w lost.
        LLVMValueRef w = b.Builder.BuildFAdd(x, b.ConstantLike(x, 1.0));
        LLVMValueRef lost = b.Builder.BuildFSub(x, b.Builder.BuildFSub(w, b.ConstantLike(x, 1.0)));
        LLVMValueRef result = b.FAdd(Emit(b, w), b.FDiv(lost, w));
        LLVMValueRef exact = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, w, 1.0);
        LLVMValueRef infinite = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, w, double.PositiveInfinity);
        result = b.Select(exact, x, result);
        return b.Select(infinite, w, result);
    }

    private static LLVMValueRef CombineF32(LaneBuilder b, LLVMValueRef f, LLVMValueRef e)
    {
        // Minimax for (ln(1 + f) - f + f^2/2) / f^3 (relative to ln), by the Remez exchange; 8e-10.
        LLVMValueRef q = b.Polynomial(
            f,
            0.33333312603476,
            -0.25000009594387196,
            0.20002118666709373,
            -0.1666799612432499,
            0.14219552531806856,
            -0.12405584683626071,
            0.11888157260529052,
            -0.11675673172530111,
            0.06746674649232962);
        LLVMValueRef square = b.FMul(f, f);
        LLVMValueRef tail = b.FMul(b.FMul(q, f), square);
        tail = b.Fma(e, -2.12194440e-4, tail);
        tail = b.Fma(square, -0.5, tail);
        return b.Fma(e, 0.693359375, b.FAdd(f, tail));
    }

    private static LLVMValueRef CombineF64(LaneBuilder b, LLVMValueRef f, LLVMValueRef e)
    {
        // ln(1 + f) = 2 atanh(s), s = f / (2 + f); minimax for the series after 2s, by the Remez exchange; 1e-20.
        LLVMValueRef s = b.FDiv(f, b.FAdd(f, 2.0));
        LLVMValueRef z = b.FMul(s, s);
        LLVMValueRef r = b.Polynomial(
            z,
            0.6666666666666666,
            0.4000000000000624,
            0.28571428569087387,
            0.2222222264656673,
            0.18181775684136683,
            0.15387089934413492,
            0.13250136871829382,
            0.13251157212329132);

        // f - f^2/2 is nearly exact, so 2s is written as f - s f.
        LLVMValueRef halfSquare = b.FMul(b.FMul(f, f), 0.5);
        LLVMValueRef tail = b.FMul(s, b.Fma(z, r, halfSquare));
        tail = b.Fma(e, 1.9082149292705877e-10, tail);
        LLVMValueRef head = b.FSub(f, b.FSub(halfSquare, tail));
        return b.Fma(e, 0.6931471803691238, head);
    }
}
