using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>
/// C's pow on f64 lanes as e^(y ln|x|): below 1e-12 relative (the error grows with the exponent of the result). Small integral powers
/// are products, so that those of integers are exact. f32 widens.
/// </summary>
internal static class Power
{
    // Powers up to 2^7 - 1 as products.
    private const int ProductBits = 7;

    internal static LLVMValueRef Emit(LaneBuilder b, LLVMValueRef x, LLVMValueRef y)
    {
        LLVMValueRef one = b.ConstantLike(x, 1.0);
        LLVMValueRef magnitude = Exponential.Emit(b, b.FMul(y, Logarithm.Emit(b, b.FAbs(x))));

        LLVMValueRef integral = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, b.Trunc(y), y);
        magnitude = Product(b, b.FAbs(x), y, integral, magnitude);
        LLVMValueRef half = b.FMul(y, 0.5);
        LLVMValueRef odd = b.Builder.BuildAnd(integral, b.FCmp(LLVMRealPredicate.LLVMRealONE, b.Trunc(half), half));
        LLVMTypeRef integer = FloatBits.IntegerType(b, x);
        LLVMValueRef signed = b.ICmp(LLVMIntPredicate.LLVMIntSLT, b.BitCast(x, integer), 0);
        LLVMValueRef result = b.Select(b.Builder.BuildAnd(signed, odd), b.FNeg(magnitude), magnitude);

        // A negative finite base has no real power with a fraction.
        LLVMValueRef negative = b.Builder.BuildAnd(
            b.FCmp(LLVMRealPredicate.LLVMRealOLT, x, 0.0), b.FCmp(LLVMRealPredicate.LLVMRealOGT, x, double.NegativeInfinity));
        result = b.Select(b.Builder.BuildAnd(negative, b.Builder.BuildNot(integral)), b.ConstantLike(x, double.NaN), result);

        // C: pow(-1, +-inf), pow(1, anything) and pow(anything, 0) are 1, NaN or not.
        LLVMValueRef unit = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, b.FAbs(x), 1.0);
        LLVMValueRef endless = b.FCmp(LLVMRealPredicate.LLVMRealOEQ, b.FAbs(y), double.PositiveInfinity);
        result = b.Select(b.Builder.BuildAnd(unit, endless), one, result);
        LLVMValueRef trivial = b.Builder.BuildOr(
            b.FCmp(LLVMRealPredicate.LLVMRealOEQ, x, 1.0), b.FCmp(LLVMRealPredicate.LLVMRealOEQ, y, 0.0));
        return b.Select(trivial, one, result);
    }

    /// <summary>a^y by squaring where y is a small integer and nothing over- or underflows on the way; elsewhere <paramref name="otherwise"/>.</summary>
    private static LLVMValueRef Product(LaneBuilder b, LLVMValueRef a, LLVMValueRef y, LLVMValueRef integral, LLVMValueRef otherwise)
    {
        const double largest = (1 << ProductBits) - 1;
        LLVMValueRef one = b.ConstantLike(a, 1.0);
        LLVMValueRef size = b.FAbs(y);
        LLVMValueRef small = b.Builder.BuildAnd(integral, b.FCmp(LLVMRealPredicate.LLVMRealOLE, size, largest));
        LLVMValueRef times = FloatBits.ToInteger(b, b.Select(small, size, one));
        LLVMValueRef product = one;
        LLVMValueRef square = a;
        for (int bit = 0; bit < ProductBits; bit++)
        {
            LLVMValueRef set = b.ICmp(LLVMIntPredicate.LLVMIntNE, b.And(times, 1L << bit), 0);
            product = b.Builder.BuildFMul(product, b.Select(set, square, one));
            square = b.Builder.BuildFMul(square, square);
        }

        LLVMValueRef inverse = b.FCmp(LLVMRealPredicate.LLVMRealOLT, y, 0.0);
        LLVMValueRef tame = b.Builder.BuildAnd(
            b.FCmp(LLVMRealPredicate.LLVMRealOGT, product, 1e-300), b.FCmp(LLVMRealPredicate.LLVMRealOLT, product, 1e300));
        return b.Select(b.Builder.BuildAnd(small, tame), b.Select(inverse, b.FDiv(one, product), product), otherwise);
    }
}
