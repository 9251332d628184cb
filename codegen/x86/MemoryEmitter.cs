using Dlc.Codegen.Kernels;
using Dlc.Codegen.Llvm;
using Dlc.IR;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.X86;

/// <summary>
/// Loads and stores. The form of the index decides: uniform is one scalar access, stride 1 one vector access, anything else a gather or
/// scatter. Lanes that are masked off touch no memory. Nothing is assumed of addresses beyond the alignment of an element.
/// </summary>
internal sealed class MemoryEmitter(Frame frame)
{
    // Strides up to this load whole vectors and shuffle; a gather takes about an element a cycle.
    private const int MaximalShuffledStride = 4;

    private readonly LaneBuilder b = frame.Values;
    private readonly LinearArithmetic linear = new(frame);

    /// <summary>The elements at <paramref name="index"/>; 0 where a mask fails.</summary>
    internal LaneValue Load(KernelBuffer buffer, LaneValue index, LaneValue? mask)
    {
        Frame.BufferBinding binding = frame.Lookup(buffer);
        LLVMTypeRef type = ScalarTypes.InMemory(b, buffer.Type);
        index = OfLane(index, binding.Copies);
        if (index.IsUniform && mask is null or { IsUniform: true })
        {
            LLVMValueRef address = Address(type, binding.Address, index.Scalar);
            if (mask is { } condition)
            {
                address = b.Select(condition.Scalar, address, frame.Zeros);
            }

            return LaneValue.Uniform(ScalarTypes.Decode(b, buffer.Type, Aligned(b.Builder.BuildLoad2(type, address), buffer.Type)));
        }

        if (mask is { IsRange: true } range && !index.IsUniform)
        {
            LLVMValueRef? running = frame.Scope.Mask;
            LLVMValueRef guarded = Either(
                Covers(range),
                type,
                () => LoadLanes(type, binding, index, running, buffer.Type),
                () => LoadLanes(type, binding, index, Combine(mask), buffer.Type));
            return LaneValue.ZeroOutside(ScalarTypes.Decode(b, buffer.Type, guarded), range);
        }

        LLVMValueRef? active = Combine(mask);
        if (index.IsUniform)
        {
            // Only some lanes want the one element, perhaps none.
            LLVMValueRef wanted = active!.Value;
            LLVMValueRef address = b.Select(b.Any(wanted), Address(type, binding.Address, index.Scalar), frame.Zeros);
            LLVMValueRef one = ScalarTypes.Decode(b, buffer.Type, Aligned(b.Builder.BuildLoad2(type, address), buffer.Type));
            LLVMValueRef all = b.Splat(one, frame.Scope.Lanes);
            return LaneValue.Varying(b.Select(wanted, all, all.TypeOf.Null));
        }

        return LaneValue.Varying(ScalarTypes.Decode(b, buffer.Type, LoadLanes(type, binding, index, active, buffer.Type)));
    }

    /// <summary>Whether all lanes that run are in the range: masks are there for borders, inside nothing need be masked.</summary>
    private LLVMValueRef Covers(LaneValue range)
    {
        LLVMValueRef lanes = b.Constant(b.I64, frame.Scope.Lanes);
        LLVMValueRef count = frame.Scope.Count is { } first ? b.Call("llvm.smin", [b.I64], first, lanes) : lanes;
        return b.Builder.BuildAnd(
            b.ICmp(LLVMIntPredicate.LLVMIntSLE, range.Low, 0), b.Builder.BuildICmp(LLVMIntPredicate.LLVMIntSGE, range.High, count));
    }

    private LLVMValueRef LoadLanes(LLVMTypeRef type, Frame.BufferBinding binding, LaneValue index, LLVMValueRef? mask, ElementType element)
    {
        LLVMValueRef Apart() => Gather(type, binding, index, mask);
        if (!index.IsLinear)
        {
            return Apart();
        }

        LLVMValueRef Neighbours() => Contiguous(type, binding, index, mask, element);
        if (!index.Stride.IsAConstantInt)
        {
            return Either(b.ICmp(LLVMIntPredicate.LLVMIntEQ, index.Stride, 1), type, Neighbours, Apart);
        }

        long stride = index.Stride.ConstIntSExt;
        if (stride == 1)
        {
            return Neighbours();
        }

        if (stride < 0 || stride > MaximalShuffledStride || stride > frame.Scope.Lanes)
        {
            return Apart();
        }

        LLVMValueRef Shuffled(LLVMValueRef? lanes) => EveryNth(type, binding, index, (int)stride, lanes, element);
        return mask is not { } bits ? Shuffled(null)
            : b.HasAvx512 ? Shuffled(bits)
            : Either(b.All(bits), type, () => Shuffled(null), Apart);
    }

    /// <summary>
    /// Lanes a small constant stride apart: neighbouring vectors, of which shuffles keep every n-th element. Touches nothing after the last
    /// lane's element, and with a mask nothing but the elements of its lanes.
    /// </summary>
    private LLVMValueRef EveryNth(
        LLVMTypeRef type, Frame.BufferBinding binding, LaneValue index, int stride, LLVMValueRef? mask, ElementType element)
    {
        int lanes = frame.Scope.Lanes;
        LLVMTypeRef wide = LaneBuilder.Wide(type, lanes);
        LLVMValueRef? spread = mask is { } bits ? Spread(bits, lanes, stride) : null;
        LLVMValueRef result = wide.Poison;
        for (int part = 0; part < stride; part++)
        {
            LLVMValueRef address = Address(type, binding.Address, b.Add(index.Scalar, part * lanes));
            LLVMValueRef? wanted = spread is { } all ? Bits(all, part * lanes, lanes)
                : part == stride - 1 ? LowBits(lanes, lanes - stride + 1) : null;
            LLVMValueRef vector = wanted is { } present
                ? b.Call("llvm.masked.load", [wide, b.Pointer], address, present, wide.Null)
                : Aligned(b.Builder.BuildLoad2(wide, address), element);

            // Lanes whose element lies in this part move to their place, the others stay.
            LLVMValueRef[] from = new LLVMValueRef[lanes];
            for (int lane = 0; lane < lanes; lane++)
            {
                int at = (lane * stride) - (part * lanes);
                from[lane] = LLVMValueRef.CreateConstInt(b.I32, (ulong)(at >= 0 && at < lanes ? lanes + at : lane));
            }

            result = b.Builder.BuildShuffleVector(result, vector, LLVMValueRef.CreateConstVector(from));
        }

        return result;
    }

    /// <summary>Bit <c>lane * stride</c> of an i64 for each lane of the mask.</summary>
    private LLVMValueRef Spread(LLVMValueRef mask, int lanes, int stride)
    {
        long places = 0;
        for (int lane = 0; lane < lanes; lane++)
        {
            places |= 1L << (lane * stride);
        }

        LLVMValueRef bits = b.Builder.BuildZExt(b.BitCast(mask, b.Context.GetIntType((uint)lanes)), b.I64);
        return b.Call("llvm.x86.bmi.pdep.64", [], bits, b.Constant(b.I64, places));
    }

    private LLVMValueRef Bits(LLVMValueRef bits, int start, int count)
    {
        LLVMValueRef shifted = b.Builder.BuildLShr(bits, b.Constant(b.I64, start));
        return b.BitCast(b.Builder.BuildTrunc(shifted, b.Context.GetIntType((uint)count)), LaneBuilder.Wide(b.Bit, count));
    }

    private LLVMValueRef LowBits(int lanes, int count)
    {
        LLVMValueRef[] bits = new LLVMValueRef[lanes];
        for (int lane = 0; lane < lanes; lane++)
        {
            bits[lane] = LLVMValueRef.CreateConstInt(b.Bit, lane < count ? 1UL : 0);
        }

        return LLVMValueRef.CreateConstVector(bits);
    }

    /// <summary>Writes the lanes that run and where <paramref name="mask"/> holds.</summary>
    internal void Store(KernelBuffer buffer, LaneValue index, LaneValue value, LaneValue? mask)
    {
        Frame.BufferBinding binding = frame.Lookup(buffer);
        LLVMTypeRef type = ScalarTypes.InMemory(b, buffer.Type);
        index = OfLane(index, binding.Copies);
        if (index.IsUniform && value.IsUniform && mask is null or { IsUniform: true })
        {
            LLVMValueRef raw = ScalarTypes.Encode(b, buffer.Type, value.Scalar);
            When(mask?.Scalar, () => Aligned(b.Builder.BuildStore(raw, Address(type, binding.Address, index.Scalar)), buffer.Type));
            return;
        }

        LLVMValueRef? active = Combine(mask);
        LLVMValueRef lanes = ScalarTypes.Encode(b, buffer.Type, linear.Wide(value));
        void Neighbours() => StoreContiguous(type, binding, index, lanes, active, buffer.Type);
        void Apart() => Scatter(type, binding, index, lanes, active);
        if (index.HasStride(1))
        {
            Neighbours();
        }
        else if (index.IsLinear && !index.Stride.IsAConstantInt)
        {
            LLVMBasicBlockRef near = Block("store.near");
            LLVMBasicBlockRef far = Block("store.far");
            LLVMBasicBlockRef exit = Block("store.exit");
            b.Builder.BuildCondBr(b.ICmp(LLVMIntPredicate.LLVMIntEQ, index.Stride, 1), near, far);
            b.Builder.PositionAtEnd(near);
            Neighbours();
            b.Builder.BuildBr(exit);
            b.Builder.PositionAtEnd(far);
            Apart();
            b.Builder.BuildBr(exit);
            b.Builder.PositionAtEnd(exit);
        }
        else
        {
            Apart();
        }
    }

    /// <summary>The lanes that run and where <paramref name="mask"/> holds, as bits; null when that is all.</summary>
    private LLVMValueRef? Combine(LaneValue? mask)
    {
        LLVMValueRef? running = frame.Scope.Mask;
        if (mask is not { } condition)
        {
            return running;
        }

        LLVMValueRef wide = linear.Wide(condition);
        return running is { } bits ? b.Builder.BuildAnd(bits, wide) : wide;
    }

    /// <summary>The index into memory that holds a copy of each element for every lane.</summary>
    private LaneValue OfLane(LaneValue index, int copies)
    {
        if (copies == 1)
        {
            return index;
        }

        LLVMValueRef step = b.Constant(b.I64, copies);
        if (index.IsVarying)
        {
            LLVMValueRef scaled = b.Builder.BuildMul(index.Vector, b.Splat(step, copies));
            return LaneValue.Varying(b.Add(scaled, b.LaneNumbers(b.I64, copies)));
        }

        LLVMValueRef stride = b.Constant(b.I64, 1L);
        stride = index.IsLinear ? b.Add(b.Builder.BuildMul(index.Stride, step), stride) : stride;
        return LaneValue.Linear(b.Builder.BuildMul(index.Scalar, step), stride);
    }

    private LLVMValueRef Contiguous(LLVMTypeRef type, Frame.BufferBinding binding, LaneValue index, LLVMValueRef? mask, ElementType element)
    {
        LLVMTypeRef wide = LaneBuilder.Wide(type, frame.Scope.Lanes);
        LLVMValueRef address = Address(type, binding.Address, index.Scalar);
        return mask is { } bits
            ? b.Call("llvm.masked.load", [wide, b.Pointer], address, bits, wide.Null)
            : Aligned(b.Builder.BuildLoad2(wide, address), element);
    }

    private void StoreContiguous(
        LLVMTypeRef type, Frame.BufferBinding binding, LaneValue index, LLVMValueRef lanes, LLVMValueRef? mask, ElementType element)
    {
        LLVMValueRef address = Address(type, binding.Address, index.Scalar);
        if (mask is { } bits)
        {
            b.Call("llvm.masked.store", [lanes.TypeOf, b.Pointer], lanes, address, bits);
        }
        else
        {
            Aligned(b.Builder.BuildStore(lanes, address), element);
        }
    }

    private LLVMValueRef Gather(LLVMTypeRef type, Frame.BufferBinding binding, LaneValue index, LLVMValueRef? mask)
    {
        LLVMTypeRef wide = LaneBuilder.Wide(type, frame.Scope.Lanes);
        LLVMValueRef addresses = Address(type, binding.Address, linear.Wide(index));
        return b.Call("llvm.masked.gather", [wide, addresses.TypeOf], addresses, mask ?? AllBits(), wide.Null);
    }

    private void Scatter(LLVMTypeRef type, Frame.BufferBinding binding, LaneValue index, LLVMValueRef lanes, LLVMValueRef? mask)
    {
        LLVMValueRef addresses = Address(type, binding.Address, linear.Wide(index));
        b.Call("llvm.masked.scatter", [lanes.TypeOf, addresses.TypeOf], lanes, addresses, mask ?? AllBits());
    }

    private LLVMValueRef AllBits() => LaneBuilder.Wide(b.Bit, frame.Scope.Lanes).AllOnes;

    /// <summary>A quick load where the condition holds, which it nearly always does, and a general one where not.</summary>
    private LLVMValueRef Either(LLVMValueRef condition, LLVMTypeRef type, Func<LLVMValueRef> quickly, Func<LLVMValueRef> generally)
    {
        LLVMBasicBlockRef near = Block("load.near");
        LLVMBasicBlockRef far = Block("load.far");
        LLVMBasicBlockRef exit = Block("load.exit");
        b.Builder.BuildCondBr(condition, near, far);
        b.Builder.PositionAtEnd(near);
        LLVMValueRef quick = quickly();
        LLVMBasicBlockRef nearEnd = b.Builder.InsertBlock;
        b.Builder.BuildBr(exit);
        b.Builder.PositionAtEnd(far);
        LLVMValueRef slow = generally();
        LLVMBasicBlockRef farEnd = b.Builder.InsertBlock;
        b.Builder.BuildBr(exit);
        b.Builder.PositionAtEnd(exit);
        LLVMValueRef value = b.Builder.BuildPhi(LaneBuilder.Wide(type, frame.Scope.Lanes));
        value.AddIncoming(quick, nearEnd);
        value.AddIncoming(slow, farEnd);
        return value;
    }

    private void When(LLVMValueRef? condition, Action emit)
    {
        if (condition is not { } bit)
        {
            emit();
            return;
        }

        LLVMBasicBlockRef then = Block("when");
        LLVMBasicBlockRef exit = Block("when.exit");
        b.Builder.BuildCondBr(bit, then, exit);
        b.Builder.PositionAtEnd(then);
        emit();
        b.Builder.BuildBr(exit);
        b.Builder.PositionAtEnd(exit);
    }

    private LLVMBasicBlockRef Block(string name) => b.Function.AppendBasicBlock(b.Context, name);

    // Not "inbounds": a masked access may well compute an address outside.
    private LLVMValueRef Address(LLVMTypeRef type, LLVMValueRef start, LLVMValueRef index) => b.Builder.BuildGEP2(type, start, index);

    private static LLVMValueRef Aligned(LLVMValueRef access, ElementType type)
    {
        access.SetAlignment((uint)type.Bytes());
        return access;
    }
}
