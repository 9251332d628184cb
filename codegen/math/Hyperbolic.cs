using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// Hyperbolic functions and their inverses. tanh exists for f32 (one rational, below 3e-7 relative) and f64; the others are for f64 lanes
/// (below 1e-14 relative) and serve f32 by widening.
/// </summary>
internal static class Hyperbolic
{
    private const double Ln2 = 0.6931471805599453;

    internal static LLVMValueRef EmitTanh(LaneBuilder b, LLVMValueRef x) => LaneBuilder.IsF64(x) ? EmitTanhF64(b, x) : EmitTanhF32(b, x);

    internal static LLVMValueRef EmitSinh(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef a = b.FAbs(x);

        // e^(x - ln 2) is half of e^x, which itself may overflow too early.
        LLVMValueRef half = Exponential.Emit(b, b.FAdd(a, -Ln2));
        LLVMValueRef large = b.CopySign(b.FSub(half, b.FDiv(b.ConstantLike(x, 0.25), half)), x);
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, a, 1.0), SmallSinh(b, x), large);
    }

    internal static LLVMValueRef EmitCosh(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef half = Exponential.Emit(b, b.FAdd(b.FAbs(x), -Ln2));
        return b.FAdd(half, b.FDiv(b.ConstantLike(x, 0.25), half));
    }

    internal static LLVMValueRef EmitAsinh(LaneBuilder b, LLVMValueRef x)
    {
        // ln(a + sqrt(a^2 + 1)) = log1p(a + a^2 / (1 + sqrt(a^2 + 1))); for large a the square would overflow.
        LLVMValueRef a = b.FAbs(x);
        LLVMValueRef big = b.FCmp(LLVMRealPredicate.LLVMRealOGT, a, 1e150);
        LLVMValueRef c = b.Select(big, b.ConstantLike(x, 1.0), a);
        LLVMValueRef square = b.FMul(c, c);
        LLVMValueRef root = b.Sqrt(b.FAdd(square, 1.0));
        LLVMValueRef u = b.FAdd(c, b.FDiv(square, b.FAdd(root, 1.0)));
        LLVMValueRef result = b.Select(big, b.FAdd(Logarithm.Emit(b, a), Ln2), Logarithm.EmitOnePlus(b, u));
        return b.CopySign(result, x);
    }

    internal static LLVMValueRef EmitAcosh(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef big = b.FCmp(LLVMRealPredicate.LLVMRealOGT, x, 1e150);
        LLVMValueRef t = b.FAdd(b.Select(big, b.ConstantLike(x, 1.0), x), -1.0);
        LLVMValueRef root = b.Sqrt(b.FMul(t, b.FAdd(t, 2.0)));
        LLVMValueRef result = b.Select(big, b.FAdd(Logarithm.Emit(b, x), Ln2), Logarithm.EmitOnePlus(b, b.FAdd(t, root)));
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, x, 1.0), b.ConstantLike(x, double.NaN), result);
    }

    internal static LLVMValueRef EmitAtanh(LaneBuilder b, LLVMValueRef x)
    {
        // 1/2 ln((1 + a)/(1 - a)); a = 1 divides by zero to infinity, beyond it the logarithm's operand is below -1: NaN.
        LLVMValueRef a = b.FAbs(x);
        LLVMValueRef u = b.FDiv(b.FAdd(a, a), b.FSub(b.ConstantLike(x, 1.0), a));
        LLVMValueRef result = b.FMul(Logarithm.EmitOnePlus(b, u), 0.5);
        return b.CopySign(result, x);
    }

    private static LLVMValueRef EmitTanhF32(LaneBuilder b, LLVMValueRef x)
    {
        // Rational minimax for tanh(x)/x in x^2 on [0, 81.2] by the Remez exchange; 8e-8. Beyond 9.01 the result rounds to 1.
        const double limit = 9.0109;
        LLVMValueRef a = b.ClampKeepingNaN(x, -limit, limit);
        LLVMValueRef z = b.FMul(a, a);
        LLVMValueRef p = b.Polynomial(
            z,
            0.9999999923641618,
            0.13340354732456333,
            0.0034479997998661444,
            1.9862145983153684e-05,
            1.2397487909401192e-08);
        LLVMValueRef q = b.Polynomial(
            z,
            1.0,
            0.4667366371850122,
            0.025693974258126553,
            0.0003209291319624355,
            7.367918640007282e-07);
        return b.FDiv(b.FMul(a, p), q);
    }

    private static LLVMValueRef EmitTanhF64(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef a = b.FAbs(x);
        LLVMValueRef one = b.ConstantLike(x, 1.0);
        LLVMValueRef e = Exponential.Emit(b, b.FAdd(a, a));
        LLVMValueRef large = b.CopySign(b.FSub(one, b.FDiv(b.ConstantLike(x, 2.0), b.FAdd(e, 1.0))), x);

        // Near 0 the difference above cancels: sinh / sqrt(1 + sinh^2).
        LLVMValueRef s = SmallSinh(b, x);
        LLVMValueRef small = b.FDiv(s, b.Sqrt(b.Fma(s, s, one)));
        return b.Select(b.FCmp(LLVMRealPredicate.LLVMRealOLT, a, 1.0), small, large);
    }

    // Taylor series; below 1 the first term left out is under 3e-16 of x.
    private static LLVMValueRef SmallSinh(LaneBuilder b, LLVMValueRef x)
    {
        LLVMValueRef z = b.FMul(x, x);
        LLVMValueRef p = b.Polynomial(
            z,
            1.0 / 6,
            1.0 / 120,
            1.0 / 5040,
            1.0 / 362880,
            1.0 / 39916800,
            1.0 / 6227020800,
            1.0 / 1307674368000,
            1.0 / 355687428096000);
        return b.Fma(b.FMul(x, z), p, x);
    }
}
