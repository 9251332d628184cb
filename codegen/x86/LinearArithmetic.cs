using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>Arithmetic on indices of the form <c>base + lane * stride</c> that keeps them in that form, or at least narrow.</summary>
internal sealed class LinearArithmetic(Frame frame)
{
    // Lane offsets below this fit 32-bit lanes with room for a sum.
    private const long SmallOffset = 1 << 30;

    private readonly LaneBuilder b = frame.Values;

    /// <summary>The value spread over the lanes of the scope.</summary>
    internal LLVMValueRef Wide(LaneValue value)
    {
        int lanes = frame.Scope.Lanes;
        if (value.IsRange)
        {
            LLVMValueRef below = b.LowLanes(value.High, lanes);
            return IsZero(value.Low) ? below : b.Builder.BuildAnd(below, b.Builder.BuildNot(b.LowLanes(value.Low, lanes)));
        }

        if (value.IsVarying)
        {
            return value.Vector;
        }

        LLVMValueRef start = b.Splat(value.Scalar, lanes);
        return value.IsUniform ? start : b.Add(start, b.Builder.BuildMul(b.LaneNumbers(b.I64, lanes), b.Splat(value.Stride, lanes)));
    }

    /// <summary>Both conditions at once where at least one is a range and the other a range or uniform; else null.</summary>
    internal LaneValue? And(LaneValue x, LaneValue y)
    {
        if (x.IsUniform)
        {
            (x, y) = (y, x);
        }

        if (!x.IsRange || !(y.IsRange || y.IsUniform))
        {
            return null;
        }

        return y.IsUniform
            ? LaneValue.Range(x.Low, b.Select(y.Scalar, x.High, b.Constant(b.I64, 0L)))
            : LaneValue.Range(Larger(x.Low, y.Low), Smaller(x.High, y.High));
    }

    /// <summary>The lanes outside a range that is open at one end; null for others.</summary>
    internal LaneValue? Not(LaneValue x)
    {
        LLVMValueRef lanes = b.Constant(b.I64, frame.Scope.Lanes);
        return !x.IsRange ? null
            : IsZero(x.Low) ? LaneValue.Range(x.High, lanes)
            : x.High == lanes ? LaneValue.Range(b.Constant(b.I64, 0L), x.Low)
            : null;
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
    /// A comparison of order is true up to some lane or from one on, which takes scalar arithmetic alone. Others compare 32-bit lane offsets
    /// with the distance of the two bases.
    /// </summary>
    private LaneValue? Compare(BinaryOp op, LaneValue x, LaneValue y)
    {
        LLVMValueRef stride = b.Sub(Stride(x), Stride(y));
        if (!HasSmallOffsets(stride))
        {
            return null;
        }

        LLVMValueRef distance = b.Sub(y.Scalar, x.Scalar);
        if (op is BinaryOp.Less or BinaryOp.LessOrEqual && stride.ConstIntSExt != 0)
        {
            return Order(op == BinaryOp.Less, distance, stride.ConstIntSExt);
        }

        LLVMValueRef offsets = Offsets(b.I32, stride.ConstIntSExt);
        distance = Smaller(Larger(distance, b.Constant(b.I64, -SmallOffset)), b.Constant(b.I64, SmallOffset));
        LLVMValueRef limit = b.Splat(b.Builder.BuildTrunc(distance, b.I32), frame.Scope.Lanes);
        return LaneValue.Varying(frame.Arithmetic.Binary(op, ElementType.Int32, offsets, limit));
    }

    /// <summary>The lanes where <c>lane * stride</c> is below <paramref name="distance"/>, or at most that.</summary>
    private LaneValue Order(bool strict, LLVMValueRef distance, long stride)
    {
        // stride * lane < d up to lane ceil(d / stride); a negative stride turns the comparison round.
        LLVMValueRef Floor(LLVMValueRef value, long by) => by == 1 ? value
            : (by & (by - 1)) == 0 ? b.ShiftRightSigned(value, System.Numerics.BitOperations.Log2((ulong)by))
            : frame.Arithmetic.Binary(BinaryOp.FloorDiv, ElementType.Int64, value, b.Constant(b.I64, by));
        LLVMValueRef Ceiling(LLVMValueRef value, long by) => Floor(b.Add(value, by - 1), by);
        if (stride > 0)
        {
            LLVMValueRef high = strict ? Ceiling(distance, stride) : b.Add(Floor(distance, stride), 1);
            return LaneValue.Range(b.Constant(b.I64, 0L), high);
        }

        LLVMValueRef negated = b.Builder.BuildNeg(distance);
        LLVMValueRef low = strict ? b.Add(Floor(negated, -stride), 1) : Ceiling(negated, -stride);
        return LaneValue.Range(low, b.Constant(b.I64, frame.Scope.Lanes));
    }

    private LLVMValueRef Larger(LLVMValueRef x, LLVMValueRef y) => x == y ? x : b.Call("llvm.smax", [b.I64], x, y);

    private LLVMValueRef Smaller(LLVMValueRef x, LLVMValueRef y) => x == y ? x : b.Call("llvm.smin", [b.I64], x, y);

    private static bool IsZero(LLVMValueRef value) => value.IsAConstantInt && value.ConstIntSExt == 0;

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
