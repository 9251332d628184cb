using Dlc.Codegen.Llvm;
using Dlc.IR.Kernels;

namespace Dlc.Codegen.Kernels;

/// <summary>
/// Emits instructions on values that are either scalars or vectors of any number of lanes: the same call serves both. Holds the
/// module being built, its types and the machine. For one thread.
/// </summary>
internal sealed class LaneBuilder
{
    private readonly Dictionary<string, LLVMValueRef> intrinsics = [];
    private readonly Dictionary<(nint, long), LLVMValueRef> constants = [];

    internal LaneBuilder(LLVMContextRef context, LLVMModuleRef module, LLVMBuilderRef builder, MachineModel machine, bool hasAvx512 = false)
    {
        Context = context;
        Module = module;
        Builder = builder;
        Machine = machine;
        HasAvx512 = hasAvx512;
        Bit = context.Int1Type;
        I8 = context.Int8Type;
        I16 = context.Int16Type;
        I32 = context.Int32Type;
        I64 = context.Int64Type;
        Half = context.HalfType;
        F32 = context.FloatType;
        F64 = context.DoubleType;
        Pointer = context.PointerType;
    }

    internal LLVMContextRef Context { get; }

    internal LLVMModuleRef Module { get; }

    internal LLVMBuilderRef Builder { get; }

    /// <summary>What is compiled for. On a GPU all values are scalars.</summary>
    internal MachineModel Machine { get; }

    /// <summary>Whether 64-byte vectors and mask registers may be used.</summary>
    internal bool HasAvx512 { get; }

    internal LLVMTypeRef Bit { get; }

    internal LLVMTypeRef I8 { get; }

    internal LLVMTypeRef I16 { get; }

    internal LLVMTypeRef I32 { get; }

    internal LLVMTypeRef I64 { get; }

    internal LLVMTypeRef Half { get; }

    internal LLVMTypeRef F32 { get; }

    internal LLVMTypeRef F64 { get; }

    internal LLVMTypeRef Pointer { get; }

    /// <summary>The function that instructions go to.</summary>
    internal LLVMValueRef Function => Builder.InsertBlock.Parent;

    /// <summary>Lanes of a value or type; 0 for a scalar.</summary>
    internal static int Lanes(LLVMTypeRef type) => type.Kind == LLVMTypeKind.LLVMVectorTypeKind ? (int)type.VectorSize : 0;

    /// <inheritdoc cref="Lanes(LLVMTypeRef)"/>
    internal static int Lanes(LLVMValueRef value) => Lanes(value.TypeOf);

    /// <summary>The type of one lane.</summary>
    internal static LLVMTypeRef Scalar(LLVMTypeRef type) =>
        type.Kind == LLVMTypeKind.LLVMVectorTypeKind ? type.ElementType : type;

    /// <summary>A vector of <paramref name="lanes"/> scalars, or the scalar itself for 0 lanes.</summary>
    internal static LLVMTypeRef Wide(LLVMTypeRef scalar, int lanes) =>
        lanes == 0 ? scalar : LLVMTypeRef.CreateVector(scalar, (uint)lanes);

    /// <summary>The type with lanes of <paramref name="scalar"/> and as many of them as <paramref name="shape"/> has.</summary>
    internal static LLVMTypeRef Like(LLVMTypeRef scalar, LLVMValueRef shape) => Wide(scalar, Lanes(shape));

    /// <summary>Whether lanes are f64.</summary>
    internal static bool IsF64(LLVMValueRef value) => Scalar(value.TypeOf).Kind == LLVMTypeKind.LLVMDoubleTypeKind;

    /// <summary>A constant of a floating-point or integer type in all lanes.</summary>
    internal LLVMValueRef Constant(LLVMTypeRef type, double value) =>
        Scalar(type).Kind == LLVMTypeKind.LLVMIntegerTypeKind ? Constant(type, checked((long)value)) : Real(type, value);

    /// <summary>An integer constant in all lanes (converted where the type is floating-point).</summary>
    internal LLVMValueRef Constant(LLVMTypeRef type, long value)
    {
        LLVMTypeRef scalar = Scalar(type);
        if (scalar.Kind != LLVMTypeKind.LLVMIntegerTypeKind)
        {
            return Real(type, value);
        }

        if (constants.TryGetValue((type.Handle, value), out LLVMValueRef known))
        {
            return known;
        }

        return constants[(type.Handle, value)] =
            Repeat(LLVMValueRef.CreateConstInt(scalar, unchecked((ulong)value), signExtend: true), Lanes(type));
    }

    /// <summary>A constant in the lanes of <paramref name="shape"/> and of its type.</summary>
    internal LLVMValueRef ConstantLike(LLVMValueRef shape, double value) => Constant(shape.TypeOf, value);

    /// <summary>The lane numbers 0, 1, ... as integers of <paramref name="scalar"/>.</summary>
    internal LLVMValueRef LaneNumbers(LLVMTypeRef scalar, int lanes)
    {
        LLVMValueRef[] numbers = new LLVMValueRef[lanes];
        for (int i = 0; i < lanes; i++)
        {
            numbers[i] = LLVMValueRef.CreateConstInt(scalar, (ulong)i);
        }

        return LLVMValueRef.CreateConstVector(numbers);
    }

    /// <summary>A scalar in all lanes; the scalar itself for 0 lanes.</summary>
    internal LLVMValueRef Splat(LLVMValueRef scalar, int lanes)
    {
        if (lanes == 0)
        {
            return scalar;
        }

        if (scalar.IsConstant)
        {
            return Repeat(scalar, lanes);
        }

        LLVMTypeRef type = Wide(scalar.TypeOf, lanes);
        LLVMValueRef first = Builder.BuildInsertElement(type.Poison, scalar, Constant(I32, 0L));
        return Builder.BuildShuffleVector(first, type.Poison, Wide(I32, lanes).Null);
    }

    /// <summary>Lanes <paramref name="start"/> and <paramref name="count"/> on of a vector.</summary>
    internal LLVMValueRef Slice(LLVMValueRef vector, int start, int count)
    {
        LLVMValueRef[] numbers = new LLVMValueRef[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = LLVMValueRef.CreateConstInt(I32, (ulong)(start + i));
        }

        return Builder.BuildShuffleVector(vector, vector.TypeOf.Poison, LLVMValueRef.CreateConstVector(numbers));
    }

    /// <summary>The lanes of one vector followed by those of another of the same type.</summary>
    internal LLVMValueRef Join(LLVMValueRef low, LLVMValueRef high)
    {
        int lanes = Lanes(low);
        return Builder.BuildShuffleVector(low, high, LaneNumbers(I32, 2 * lanes));
    }

    /// <summary>Calls an intrinsic overloaded on <paramref name="types"/>.</summary>
    internal LLVMValueRef Call(string name, ReadOnlySpan<LLVMTypeRef> types, params ReadOnlySpan<LLVMValueRef> arguments)
    {
        string key = name;
        foreach (LLVMTypeRef type in types)
        {
            key += "." + type.Handle.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (!intrinsics.TryGetValue(key, out LLVMValueRef function))
        {
            intrinsics[key] = function = Module.GetIntrinsicDeclaration(name, types);
        }

        return Builder.BuildCall2(function.GlobalValueType, function, arguments);
    }

    // Floating point. Products and sums may contract into fused multiply-adds; nothing else is relaxed.
    internal LLVMValueRef FAdd(LLVMValueRef a, LLVMValueRef b) => Contract(Builder.BuildFAdd(a, b));

    internal LLVMValueRef FSub(LLVMValueRef a, LLVMValueRef b) => Contract(Builder.BuildFSub(a, b));

    internal LLVMValueRef FMul(LLVMValueRef a, LLVMValueRef b) => Contract(Builder.BuildFMul(a, b));

    internal LLVMValueRef FMul(LLVMValueRef a, double b) => FMul(a, ConstantLike(a, b));

    internal LLVMValueRef FAdd(LLVMValueRef a, double b) => FAdd(a, ConstantLike(a, b));

    internal LLVMValueRef FDiv(LLVMValueRef a, LLVMValueRef b) => Builder.BuildFDiv(a, b);

    internal LLVMValueRef FNeg(LLVMValueRef a) => Builder.BuildFNeg(a);

    /// <summary>a * b + c rounded once.</summary>
    internal LLVMValueRef Fma(LLVMValueRef a, LLVMValueRef b, LLVMValueRef c) => Call("llvm.fma", [a.TypeOf], a, b, c);

    internal LLVMValueRef Fma(LLVMValueRef a, double b, LLVMValueRef c) => Fma(a, ConstantLike(a, b), c);

    internal LLVMValueRef FAbs(LLVMValueRef a) => Call("llvm.fabs", [a.TypeOf], a);

    internal LLVMValueRef Sqrt(LLVMValueRef a) => Call("llvm.sqrt", [a.TypeOf], a);

    internal LLVMValueRef RoundEven(LLVMValueRef a) => Call("llvm.roundeven", [a.TypeOf], a);

    internal LLVMValueRef Trunc(LLVMValueRef a) => Call("llvm.trunc", [a.TypeOf], a);

    internal LLVMValueRef Floor(LLVMValueRef a) => Call("llvm.floor", [a.TypeOf], a);

    /// <summary>The magnitude of <paramref name="a"/> with the sign of <paramref name="sign"/>.</summary>
    internal LLVMValueRef CopySign(LLVMValueRef a, LLVMValueRef sign) => Call("llvm.copysign", [a.TypeOf], a, sign);

    internal LLVMValueRef FCmp(LLVMRealPredicate predicate, LLVMValueRef a, LLVMValueRef b) => Builder.BuildFCmp(predicate, a, b);

    internal LLVMValueRef FCmp(LLVMRealPredicate predicate, LLVMValueRef a, double b) =>
        Builder.BuildFCmp(predicate, a, ConstantLike(a, b));

    /// <summary>
    /// <c>min(max(a, low), high)</c> that lets NaN through; each comparison selects its constant, which is what x86's min and max do.
    /// </summary>
    internal LLVMValueRef ClampKeepingNaN(LLVMValueRef a, double low, double high)
    {
        LLVMValueRef lo = ConstantLike(a, low);
        LLVMValueRef hi = ConstantLike(a, high);
        a = Select(FCmp(LLVMRealPredicate.LLVMRealOGT, lo, a), lo, a);
        return Select(FCmp(LLVMRealPredicate.LLVMRealOLT, hi, a), hi, a);
    }

    /// <summary>Coefficients in ascending powers of <paramref name="x"/>, by Horner's rule.</summary>
    internal LLVMValueRef Polynomial(LLVMValueRef x, params ReadOnlySpan<double> coefficients)
    {
        LLVMValueRef sum = ConstantLike(x, coefficients[^1]);
        for (int i = coefficients.Length - 2; i >= 0; i--)
        {
            sum = Fma(sum, x, ConstantLike(x, coefficients[i]));
        }

        return sum;
    }

    // Any type.
    internal LLVMValueRef Select(LLVMValueRef condition, LLVMValueRef then, LLVMValueRef otherwise) =>
        Builder.BuildSelect(condition, then, otherwise);

    internal LLVMValueRef BitCast(LLVMValueRef a, LLVMTypeRef type) => Builder.BuildBitCast(a, type);

    // Integers.
    internal LLVMValueRef Add(LLVMValueRef a, LLVMValueRef b) => Builder.BuildAdd(a, b);

    internal LLVMValueRef Sub(LLVMValueRef a, LLVMValueRef b) => Builder.BuildSub(a, b);

    internal LLVMValueRef Add(LLVMValueRef a, long b) => Builder.BuildAdd(a, Constant(a.TypeOf, b));

    internal LLVMValueRef ShiftLeft(LLVMValueRef a, int bits) => Builder.BuildShl(a, Constant(a.TypeOf, bits));

    internal LLVMValueRef ShiftRightSigned(LLVMValueRef a, int bits) => Builder.BuildAShr(a, Constant(a.TypeOf, bits));

    internal LLVMValueRef And(LLVMValueRef a, long b) => Builder.BuildAnd(a, Constant(a.TypeOf, b));

    internal LLVMValueRef ICmp(LLVMIntPredicate predicate, LLVMValueRef a, long b) =>
        Builder.BuildICmp(predicate, a, Constant(a.TypeOf, b));

    /// <summary>The mask of the first <paramref name="count"/> lanes (an i64; none below 1, all from the number of lanes on).</summary>
    internal LLVMValueRef LowLanes(LLVMValueRef count, int lanes)
    {
        LLVMValueRef bounded = Call("llvm.smax", [I64], count, Constant(I64, 0L));
        bounded = Builder.BuildTrunc(Call("llvm.smin", [I64], bounded, Constant(I64, lanes)), I32);
        if (!HasAvx512)
        {
            return Builder.BuildICmp(LLVMIntPredicate.LLVMIntULT, LaneNumbers(I32, lanes), Splat(bounded, lanes));
        }

        // Masks are registers of bits here: made of an integer they need no vector, which a register tile around could not spare.
        LLVMValueRef bits = Sub(Builder.BuildShl(Constant(I32, 1L), bounded), Constant(I32, 1L));
        return BitCast(Builder.BuildTrunc(bits, Context.GetIntType((uint)lanes)), Wide(Bit, lanes));
    }

    /// <summary>Whether any lane of a mask holds, as a scalar bit.</summary>
    internal LLVMValueRef Any(LLVMValueRef mask) => Lanes(mask) == 0 ? mask : Call("llvm.vector.reduce.or", [mask.TypeOf], mask);

    /// <summary>Whether all lanes of a mask hold, as a scalar bit.</summary>
    internal LLVMValueRef All(LLVMValueRef mask) => Lanes(mask) == 0 ? mask : Call("llvm.vector.reduce.and", [mask.TypeOf], mask);

    private static LLVMValueRef Repeat(LLVMValueRef scalar, int lanes)
    {
        if (lanes == 0)
        {
            return scalar;
        }

        Span<LLVMValueRef> all = stackalloc LLVMValueRef[lanes];
        all.Fill(scalar);
        return LLVMValueRef.CreateConstVector(all);
    }

    private static LLVMValueRef Real(LLVMTypeRef type, double value) =>
        Repeat(LLVMValueRef.CreateConstReal(Scalar(type), value), Lanes(type));

    private static LLVMValueRef Contract(LLVMValueRef value)
    {
        value.SetFastMathFlags(LLVMFastMathFlags.LLVMFastMathAllowContract);
        return value;
    }
}
