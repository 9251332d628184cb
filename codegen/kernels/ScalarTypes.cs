using Dlc.Codegen.Llvm;
using Dlc.IR;

namespace Dlc.Codegen.Kernels;

/// <summary>How element types look in registers and in memory. f16 and bf16 are f32 in registers; a bool is a bit there and a byte in memory.</summary>
internal static class ScalarTypes
{
    internal static LLVMTypeRef InRegister(LaneBuilder b, ElementType type) => type switch
    {
        ElementType.Bool => b.Bit,
        ElementType.Float16 or ElementType.BFloat16 or ElementType.Float32 => b.F32,
        _ => InMemory(b, type),
    };

    internal static LLVMTypeRef InMemory(LaneBuilder b, ElementType type) => type switch
    {
        ElementType.Bool or ElementType.Int8 or ElementType.UInt8 => b.I8,
        ElementType.Int16 or ElementType.UInt16 or ElementType.BFloat16 => b.I16,
        ElementType.Int32 or ElementType.UInt32 => b.I32,
        ElementType.Int64 or ElementType.UInt64 => b.I64,
        ElementType.Float16 => b.Half,
        ElementType.Float32 => b.F32,
        ElementType.Float64 => b.F64,
        _ => throw new InvalidOperationException($"unknown element type {type}"),
    };

    /// <summary>Converts what a load gave to what registers hold.</summary>
    internal static LLVMValueRef Decode(LaneBuilder b, ElementType type, LLVMValueRef raw)
    {
        switch (type)
        {
            case ElementType.Bool:
                return b.ICmp(LLVMIntPredicate.LLVMIntNE, raw, 0);
            case ElementType.Float16:
                return b.Builder.BuildFPExt(raw, LaneBuilder.Like(b.F32, raw));
            case ElementType.BFloat16:
                LLVMValueRef bits = b.Builder.BuildZExt(raw, LaneBuilder.Like(b.I32, raw));
                return b.BitCast(b.ShiftLeft(bits, 16), LaneBuilder.Like(b.F32, raw));
            default:
                return raw;
        }
    }

    /// <summary>Converts what registers hold to what memory holds; an f16 or bf16 has been rounded before.</summary>
    internal static LLVMValueRef Encode(LaneBuilder b, ElementType type, LLVMValueRef value)
    {
        switch (type)
        {
            case ElementType.Bool:
                return b.Builder.BuildZExt(value, LaneBuilder.Like(b.I8, value));
            case ElementType.Float16:
                return b.Builder.BuildFPTrunc(value, LaneBuilder.Like(b.Half, value));
            case ElementType.BFloat16:
                LLVMValueRef bits = b.BitCast(value, LaneBuilder.Like(b.I32, value));
                LLVMValueRef high = b.Builder.BuildLShr(bits, b.Constant(bits.TypeOf, 16L));
                return b.Builder.BuildTrunc(high, LaneBuilder.Like(b.I16, value));
            default:
                return value;
        }
    }

    /// <summary>Rounds an f32 in registers to <paramref name="type"/>, to nearest even; other types are exact as they are.</summary>
    internal static LLVMValueRef Round(LaneBuilder b, ElementType type, LLVMValueRef value)
    {
        switch (type)
        {
            case ElementType.Float16:
                return Decode(b, type, Encode(b, type, value));
            case ElementType.BFloat16:
                LLVMValueRef bits = b.BitCast(value, LaneBuilder.Like(b.I32, value));
                LLVMValueRef odd = b.And(b.Builder.BuildLShr(bits, b.Constant(bits.TypeOf, 16L)), 1);
                LLVMValueRef rounded = b.And(b.Add(b.Add(bits, odd), 0x7fff), unchecked((int)0xffff0000));

                // Rounding could carry a NaN's payload into its sign.
                LLVMValueRef nan = b.FCmp(LLVMRealPredicate.LLVMRealUNO, value, value);
                return b.Select(nan, b.ConstantLike(value, double.NaN), b.BitCast(rounded, value.TypeOf));
            default:
                return value;
        }
    }
}
