using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.Numerics;

/// <summary>Small conversions between floating-point lanes and integer lanes of the same width.</summary>
internal static class FloatBits
{
    // 1.5 * 2^52: adding it leaves a small integer in the low bits of a double.
    private const double Magic = 6755399441055744.0;
    private const long MagicBits = 0x4338000000000000;

    /// <summary>Integer lanes as wide as those of <paramref name="x"/>.</summary>
    internal static LLVMTypeRef IntegerType(LaneBuilder b, LLVMValueRef x) =>
        LaneBuilder.Like(LaneBuilder.IsF64(x) ? b.I64 : b.I32, x);

    internal static LLVMValueRef Bits(LaneBuilder b, LLVMValueRef x) => b.BitCast(x, IntegerType(b, x));

    /// <summary>An integral <paramref name="x"/> (magnitude below 2^31, or 2^51 for f64) as an integer; AVX2 has no such f64 instruction.</summary>
    internal static LLVMValueRef ToInteger(LaneBuilder b, LLVMValueRef x)
    {
        if (!LaneBuilder.IsF64(x))
        {
            return b.Builder.BuildFPToSI(x, IntegerType(b, x));
        }

        LLVMValueRef shifted = b.Builder.BuildFAdd(x, b.ConstantLike(x, Magic));
        return b.Add(Bits(b, shifted), -MagicBits);
    }

    /// <summary>A small integer as a float of <paramref name="type"/>.</summary>
    internal static LLVMValueRef FromInteger(LaneBuilder b, LLVMValueRef n, LLVMTypeRef type)
    {
        if (LaneBuilder.Scalar(type).Kind == LLVMTypeKind.LLVMFloatTypeKind)
        {
            return b.Builder.BuildSIToFP(n, type);
        }

        LLVMValueRef shifted = b.BitCast(b.Add(n, MagicBits), type);
        return b.Builder.BuildFSub(shifted, b.Constant(type, Magic));
    }

    /// <summary>2^n for n in the exponent range of normal numbers.</summary>
    internal static LLVMValueRef PowerOfTwo(LaneBuilder b, LLVMValueRef n, LLVMTypeRef type)
    {
        bool wide = LaneBuilder.Scalar(type).Kind == LLVMTypeKind.LLVMDoubleTypeKind;
        LLVMValueRef biased = b.Add(n, wide ? 1023 : 127);
        return b.BitCast(b.ShiftLeft(biased, wide ? 52 : 23), type);
    }
}
