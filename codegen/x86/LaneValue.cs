using Dlc.Codegen.Llvm;

namespace Dlc.Codegen.X86;

/// <summary>
/// What one IR value is across the lanes of the vector loop around it: the same scalar in all lanes (uniform), <c>base + lane * stride</c>
/// (linear, i64 only), true in the lanes [low, high) (range, bool only), or a vector. Outside vector loops everything is uniform.
/// </summary>
internal readonly record struct LaneValue
{
    private readonly Form form;
    private readonly LLVMValueRef first;
    private readonly LLVMValueRef second;
    private readonly LLVMValueRef guardLow;
    private readonly LLVMValueRef guardHigh;

    private LaneValue(Form form, LLVMValueRef first, LLVMValueRef second, LLVMValueRef guardLow = default, LLVMValueRef guardHigh = default)
    {
        this.form = form;
        this.first = first;
        this.second = second;
        this.guardLow = guardLow;
        this.guardHigh = guardHigh;
    }

    private enum Form : byte
    {
        Uniform,
        Linear,
        Range,
        Varying,
    }

    internal bool IsUniform => form == Form.Uniform;

    internal bool IsLinear => form == Form.Linear;

    internal bool IsRange => form == Form.Range;

    /// <summary>Whether the value is neither uniform nor linear.</summary>
    internal bool IsVarying => form is Form.Range or Form.Varying;

    /// <summary>The value of a uniform, the value in lane 0 of a linear.</summary>
    internal LLVMValueRef Scalar => Of(first, Form.Uniform, Form.Linear);

    /// <summary>The step from lane to lane of a linear, i64.</summary>
    internal LLVMValueRef Stride => Of(second, Form.Linear, Form.Linear);

    /// <summary>First true lane of a range, i64; may be negative.</summary>
    internal LLVMValueRef Low => Of(first, Form.Range, Form.Range);

    /// <summary>After the last true lane of a range, i64; may exceed the lanes or be below <see cref="Low"/>.</summary>
    internal LLVMValueRef High => Of(second, Form.Range, Form.Range);

    /// <summary>The lanes of a value that has no simpler form.</summary>
    internal LLVMValueRef Vector => Of(first, Form.Varying, Form.Varying);

    internal static LaneValue Uniform(LLVMValueRef scalar) => new(Form.Uniform, scalar, default);

    /// <summary>A linear value; a stride that is the constant 0 makes it uniform.</summary>
    internal static LaneValue Linear(LLVMValueRef start, LLVMValueRef stride) =>
        stride.IsAConstantInt && stride.ConstIntSExt == 0 ? Uniform(start) : new(Form.Linear, start, stride);

    internal static LaneValue Range(LLVMValueRef low, LLVMValueRef high) => new(Form.Range, low, high);

    internal static LaneValue Varying(LLVMValueRef vector) => new(Form.Varying, vector, default);

    /// <summary>A vector that is zero in all lanes outside <paramref name="guard"/>, a range.</summary>
    internal static LaneValue ZeroOutside(LLVMValueRef vector, LaneValue guard) => new(Form.Varying, vector, default, guard.Low, guard.High);

    /// <summary>Whether this is known to be zero in all lanes outside <paramref name="range"/>.</summary>
    internal bool IsZeroOutside(LaneValue range) =>
        form == Form.Varying && range.IsRange && guardLow == range.Low && guardHigh == range.High;

    /// <summary>Whether lanes are <paramref name="stride"/> apart, and that is known while compiling.</summary>
    internal bool HasStride(long stride) => IsLinear && second.IsAConstantInt && second.ConstIntSExt == stride;

    private LLVMValueRef Of(LLVMValueRef value, Form allowed, Form alsoAllowed) => form == allowed || form == alsoAllowed
        ? value
        : throw new InvalidOperationException($"a {form} value has no such part");
}
