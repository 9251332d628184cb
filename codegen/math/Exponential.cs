using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// e^x without branches: x = n ln 2 + r with |r| at most ln(2)/2, a polynomial for e^r, then scaling by 2^n in steps that neither
/// overflow nor underflow early. f32: below 1e-7 relative; f64: below 2e-16. Overflow gives infinity, underflow denormals, then 0.
/// </summary>
internal static class Exponential
{
    private const double Log2E = 1.4426950408889634;

    internal static LLVMValueRef Emit(LaneBuilder b, LLVMValueRef x) => LaneBuilder.IsF64(x) ? EmitF64(b, x) : EmitF32(b, x);

    private static LLVMValueRef EmitF32(LaneBuilder b, LLVMValueRef x)
    {
        // Outside these bounds the result is infinity or 0 after rounding; inside them n fits the two-step scaling.
        x = b.ClampKeepingNaN(x, -104.0, 89.0);
        LLVMValueRef n = b.RoundEven(b.FMul(x, Log2E));
        LLVMValueRef r = b.Fma(n, -0.693145751953125, x);
        r = b.Fma(n, -1.42860677e-6, r);

        // Minimax for (e^r - 1) / r (relative to e^r), by the Remez exchange; 2e-9.
        LLVMValueRef p = b.Polynomial(
            r,
            1.0000000321664333,
            0.4999999420929128,
            0.16666431259059059,
            0.04166800200965741,
            0.008374155541091175,
            0.001384365425862569);
        p = b.Fma(p, r, b.ConstantLike(x, 1.0));
        return Scale(b, p, n);
    }

    private static LLVMValueRef EmitF64(LaneBuilder b, LLVMValueRef x)
    {
        x = b.ClampKeepingNaN(x, -746.0, 710.0);
        LLVMValueRef n = b.RoundEven(b.FMul(x, Log2E));
        LLVMValueRef r = b.Fma(n, -0.6931471803691238, x);
        r = b.Fma(n, -1.9082149292705877e-10, r);

        // Taylor: the first term left out is below 4e-18.
        LLVMValueRef p = b.Polynomial(
            r,
            1.0,
            1.0,
            1.0 / 2,
            1.0 / 6,
            1.0 / 24,
            1.0 / 120,
            1.0 / 720,
            1.0 / 5040,
            1.0 / 40320,
            1.0 / 362880,
            1.0 / 3628800,
            1.0 / 39916800,
            1.0 / 479001600,
            1.0 / 6227020800);
        return Scale(b, p, n);
    }

    /// <summary>p * 2^n for an integral n of p's type, with |n| at most twice the exponent range; rounds once into denormals.</summary>
    private static LLVMValueRef Scale(LaneBuilder b, LLVMValueRef p, LLVMValueRef n)
    {
        const int currentRounding = 4;
        bool wide = LaneBuilder.IsF64(p);
        if (b.HasAvx512 && LaneBuilder.Lanes(p) == (wide ? 8 : 16))
        {
            LLVMTypeRef mask = wide ? b.I8 : b.I16;
            string name = wide ? "llvm.x86.avx512.mask.scalef.pd.512" : "llvm.x86.avx512.mask.scalef.ps.512";
            return b.Call(name, [], p, n, p, mask.AllOnes, b.Constant(b.I32, currentRounding));
        }

        // Two factors, each a normal number: 2^n itself may not be one.
        LLVMValueRef exponent = FloatBits.ToInteger(b, n);
        LLVMValueRef half = b.ShiftRightSigned(exponent, 1);
        LLVMValueRef rest = b.Sub(exponent, half);
        p = b.FMul(p, FloatBits.PowerOfTwo(b, half, p.TypeOf));
        return b.FMul(p, FloatBits.PowerOfTwo(b, rest, p.TypeOf));
    }
}
