using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>Arithmetic on indices of the form <c>base + lane * stride</c> that keeps them in that form, or at least narrow.</summary>
internal sealed class LinearArithmetic(Frame frame)
{
    // Lane offsets below this fit 32-bit lanes with room for a sum.
    private const long SmallOffset = 1 << 30;

    private readonly LaneBuilder b = frame.Lanes;

    /// <summary>The value spread over the lanes of the scope.</summary>
    internal LLVMValueRef Wide(LaneValue value)
    {
        int lanes = frame.Scope.Lanes;
        if (value.IsVarying)
        {
            return value.Vector;
        }

        LLVMValueRef start = b.Splat(value.Scalar, lanes);
        return value.IsUniform ? start : b.Add(start, b.Builder.BuildMul(b.LaneNumbers(b.I64, lanes), b.Splat(value.Stride, lanes)));
    }

    /// <summary>The operation on two values of which at least one is linear and none varies otherwise; null where the form is lost.</summary>
    internal LaneValue? Binary(BinaryOp op, LaneValue x, LaneValue y)
    {
        switch (op)
        {
            case BinaryOp.Add:
                return LaneValue.Linear(b.Add(x.Scalar, y.Scalar), b.Add(Stride(x), Stride(y)));
            case BinaryOp.Sub:
                return LaneValue.Linear(b.Sub(x.Scalar, y.Scalar), b.Sub(Stride(x), Stride(y)));
            case BinaryOp.Mul when y.IsUniform:
                return LaneValue.Linear(b.Builder.BuildMul(x.Scalar, y.Scalar), b.Builder.BuildMul(x.Stride, y.Scalar));
            case BinaryOp.Mul when x.IsUniform:
                return Binary(op, y, x);
            case BinaryOp.FloorDiv or BinaryOp.Mod when y.IsUniform:
                return Divide(op, x, y.Scalar);
            case BinaryOp.Equal or BinaryOp.NotEqual or BinaryOp.Less or BinaryOp.LessOrEqual:
                return Compare(op, x, y);
            default:
                return null;
        }
    }

    /// <summary>A linear value cut to an integer type of at most 32 bits; null for other types or strides known only at run time.</summary>
    internal LaneValue? Narrow(ElementType type, LaneValue x)
    {
        if (!type.IsInteger() || type.Bytes() > sizeof(int) || !x.Stride.IsAConstantInt)
        {
            return null;
        }

        LLVMTypeRef narrow = ScalarTypes.InMemory(b, type);
        LLVMValueRef start = b.Splat(b.Builder.BuildTrunc(x.Scalar, narrow), frame.Scope.Lanes);
        return LaneValue.Varying(b.Add(start, Offsets(narrow, x.Stride.ConstIntSExt)));
    }

    private LLVMValueRef Stride(LaneValue value) => value.IsLinear ? value.Stride : b.Constant(b.I64, 0L);

    /// <summary>lane * stride as constants.</summary>
    private LLVMValueRef Offsets(LLVMTypeRef scalar, long stride)
    {
        LLVMValueRef[] offsets = new LLVMValueRef[frame.Scope.Lanes];
        for (int lane = 0; lane < offsets.Length; lane++)
        {
            offsets[lane] = LLVMValueRef.CreateConstInt(scalar, unchecked((ulong)(lane * stride)), signExtend: true);
        }

        return LLVMValueRef.CreateConstVector(offsets);
    }

    private bool HasSmallOffsets(LLVMValueRef stride) => stride.IsAConstantInt
        && stride.ConstIntSExt is > -SmallOffset and < SmallOffset
        && Math.Abs(stride.ConstIntSExt) * frame.Scope.Lanes < SmallOffset;

    /// <summary>
    /// Compares 32-bit lane offsets with the distance of the two bases, which is one instruction where 64-bit lanes take several.
    /// </summary>
    private LaneValue? Compare(BinaryOp op, LaneValue x, LaneValue y)
    {
        LLVMValueRef stride = b.Sub(Stride(x), Stride(y));
        if (!HasSmallOffsets(stride))
        {
            return null;
        }

        if (b.Target.HasAvx512 && stride.ConstIntSExt is 1 or -1 && op is BinaryOp.Less or BinaryOp.LessOrEqual)
        {
            return CompareNeighbours(op, x, y, stride.ConstIntSExt == 1);
        }

        LLVMValueRef offsets = Offsets(b.I32, stride.ConstIntSExt);
        LLVMValueRef distance = b.Sub(y.Scalar, x.Scalar);
        distance = b.Call("llvm.smax", [b.I64], distance, b.Constant(b.I64, -SmallOffset));
        distance = b.Call("llvm.smin", [b.I64], distance, b.Constant(b.I64, SmallOffset));
        LLVMValueRef limit = b.Splat(b.Builder.BuildTrunc(distance, b.I32), frame.Scope.Lanes);
        return LaneValue.Varying(frame.Arithmetic.Binary(op, ElementType.Int32, offsets, limit));
    }

    /// <summary>x + lane against y (<paramref name="rising"/>) or x against y + lane: true in the first lanes, or in all but those.</summary>
    private LaneValue CompareNeighbours(BinaryOp op, LaneValue x, LaneValue y, bool rising)
    {
        LLVMValueRef distance = rising ? b.Sub(y.Scalar, x.Scalar) : b.Sub(x.Scalar, y.Scalar);
        bool inclusive = op == BinaryOp.LessOrEqual;
        LLVMValueRef lanes = b.LowLanes(inclusive == rising ? b.Add(distance, 1) : distance, frame.Scope.Lanes);
        return LaneValue.Varying(rising ? lanes : b.Builder.BuildNot(lanes));
    }

    /// <summary>
    /// Quotient or remainder by a uniform divisor: one scalar division for lane 0, then lanes only divide the small number
    /// <c>remainder + lane * stride</c>.
    /// </summary>
    private LaneValue? Divide(BinaryOp op, LaneValue x, LLVMValueRef divisor)
    {
        if (!HasSmallOffsets(x.Stride) || x.Stride.ConstIntSExt < 0 || !divisor.IsAConstantInt || divisor.ConstIntSExt <= 0)
        {
            return null;
        }

        long by = divisor.ConstIntSExt;
        long stride = x.Stride.ConstIntSExt;
        LLVMValueRef quotient = frame.Arithmetic.Binary(BinaryOp.FloorDiv, ElementType.Int64, x.Scalar, divisor);
        LLVMValueRef remainder = b.Sub(x.Scalar, b.Builder.BuildMul(quotient, divisor));
        if (stride % by == 0)
        {
            return op == BinaryOp.FloorDiv
                ? LaneValue.Linear(quotient, b.Constant(b.I64, stride / by))
                : LaneValue.Uniform(remainder);
        }

        if (by >= SmallOffset)
        {
            return null;
        }

        int lanes = frame.Scope.Lanes;
        LLVMTypeRef wide = LaneBuilder.Wide(b.I64, lanes);
        LLVMValueRef small = b.Add(b.Splat(b.Builder.BuildTrunc(remainder, b.I32), lanes), Offsets(b.I32, stride));
        LLVMValueRef limit = b.Constant(small.TypeOf, by);
        if (by >= stride * lanes)
        {
            // The lanes cross at most one multiple.
            LLVMValueRef crossed = b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntUGE, small, limit);
            return LaneValue.Varying(op == BinaryOp.FloorDiv
                ? b.Add(b.Splat(quotient, lanes), b.Builder.BuildZExt(crossed, wide))
                : b.Builder.BuildZExt(b.Select(crossed, b.Sub(small, limit), small), wide));
        }

        LLVMValueRef inner = op == BinaryOp.FloorDiv ? b.Builder.BuildUDiv(small, limit) : b.Builder.BuildURem(small, limit);
        LLVMValueRef extended = b.Builder.BuildZExt(inner, wide);
        return LaneValue.Varying(op == BinaryOp.FloorDiv ? b.Add(b.Splat(quotient, lanes), extended) : extended);
    }
}
