using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.X86;

/// <summary>
/// What one IR value is across the lanes of the vector loop around it: the same scalar in all lanes (uniform), <c>base + lane * stride</c>
/// (linear, i64 only), or a vector. Outside vector loops everything is uniform.
/// </summary>
internal readonly record struct LaneValue
{
    private LaneValue(LLVMValueRef scalar, LLVMValueRef stride, LLVMValueRef vector)
    {
        Scalar = scalar;
        Stride = stride;
        Vector = vector;
    }

    /// <summary>The value of a uniform, the value in lane 0 of a linear.</summary>
    internal LLVMValueRef Scalar { get; }

    /// <summary>The step from lane to lane of a linear, i64.</summary>
    internal LLVMValueRef Stride { get; }

    /// <summary>The lanes of a value that is neither uniform nor linear.</summary>
    internal LLVMValueRef Vector { get; }

    internal bool IsUniform => Vector.Handle == 0 && Stride.Handle == 0;

    internal bool IsLinear => Stride.Handle != 0;

    internal bool IsVarying => Vector.Handle != 0;

    internal static LaneValue Uniform(LLVMValueRef scalar) => new(scalar, default, default);

    /// <summary>A linear value; a stride that is the constant 0 makes it uniform.</summary>
    internal static LaneValue Linear(LLVMValueRef start, LLVMValueRef stride) =>
        stride.IsAConstantInt && stride.ConstIntSExt == 0 ? Uniform(start) : new(start, stride, default);

    internal static LaneValue Varying(LLVMValueRef vector) => new(default, default, vector);

    /// <summary>Whether lanes are <paramref name="stride"/> apart, and that is known while compiling.</summary>
    internal bool HasStride(long stride) => IsLinear && Stride.IsAConstantInt && Stride.ConstIntSExt == stride;
}
