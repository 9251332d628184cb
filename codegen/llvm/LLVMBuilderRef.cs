namespace Dlc.Codegen.Llvm;

/// <summary>Appends instructions to a block. Freed by <see cref="Dispose"/>, before its context. Constants fold as they are built.</summary>
public readonly unsafe record struct LLVMBuilderRef(nint Handle) : IDisposable
{
    // A pointer to a terminating zero in the image's read-only data: it never moves.
    private static byte* NoName => (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(
        ref System.Runtime.InteropServices.MemoryMarshal.GetReference("\0"u8));

    /// <summary>The block that instructions are appended to.</summary>
    public LLVMBasicBlockRef InsertBlock => new(LLVM.GetInsertBlock(Handle));

    /// <inheritdoc/>
    public void Dispose() => LLVM.DisposeBuilder(Handle);

    /// <summary>Appends to <paramref name="block"/> from now on.</summary>
    public void PositionAtEnd(LLVMBasicBlockRef block) => LLVM.PositionBuilderAtEnd(Handle, block.Handle);

    /// <summary>LLVM's <c>ret</c>.</summary>
    public LLVMValueRef BuildRet(LLVMValueRef value) => new(LLVM.BuildRet(Handle, value.Handle));

    /// <summary>LLVM's <c>ret void</c>.</summary>
    public LLVMValueRef BuildRetVoid() => new(LLVM.BuildRetVoid(Handle));

    /// <summary>LLVM's <c>atomicrmw</c> of relaxed order.</summary>
    public LLVMValueRef BuildAtomicRMW(LLVMAtomicRMWBinOp operation, LLVMValueRef pointer, LLVMValueRef value)
    {
        const int monotonic = 2;
        return new(LLVM.BuildAtomicRMW(Handle, (int)operation, pointer.Handle, value.Handle, monotonic, 0));
    }

    /// <summary>LLVM's <c>extractvalue</c>.</summary>
    public LLVMValueRef BuildExtractValue(LLVMValueRef aggregate, uint index) => new(LLVM.BuildExtractValue(Handle, aggregate.Handle, index, NoName));

    /// <summary>LLVM's unconditional <c>br</c>.</summary>
    public LLVMValueRef BuildBr(LLVMBasicBlockRef target) => new(LLVM.BuildBr(Handle, target.Handle));

    /// <summary>LLVM's conditional <c>br</c>.</summary>
    public LLVMValueRef BuildCondBr(LLVMValueRef condition, LLVMBasicBlockRef then, LLVMBasicBlockRef otherwise) =>
        new(LLVM.BuildCondBr(Handle, condition.Handle, then.Handle, otherwise.Handle));

    /// <summary>LLVM's <c>fneg</c>.</summary>
    public LLVMValueRef BuildFNeg(LLVMValueRef value) => new(LLVM.BuildFNeg(Handle, value.Handle, NoName));

    /// <summary>LLVM's <c>neg</c>.</summary>
    public LLVMValueRef BuildNeg(LLVMValueRef value) => new(LLVM.BuildNeg(Handle, value.Handle, NoName));

    /// <summary>LLVM's <c>not</c>.</summary>
    public LLVMValueRef BuildNot(LLVMValueRef value) => new(LLVM.BuildNot(Handle, value.Handle, NoName));

    /// <summary>LLVM's <c>add</c>.</summary>
    public LLVMValueRef BuildAdd(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildAdd(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>sub</c>.</summary>
    public LLVMValueRef BuildSub(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildSub(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>mul</c>.</summary>
    public LLVMValueRef BuildMul(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildMul(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>sdiv</c>.</summary>
    public LLVMValueRef BuildSDiv(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildSDiv(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>udiv</c>.</summary>
    public LLVMValueRef BuildUDiv(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildUDiv(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>urem</c>.</summary>
    public LLVMValueRef BuildURem(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildURem(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>shl</c>.</summary>
    public LLVMValueRef BuildShl(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildShl(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>lshr</c>.</summary>
    public LLVMValueRef BuildLShr(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildLShr(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>ashr</c>.</summary>
    public LLVMValueRef BuildAShr(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildAShr(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>and</c>.</summary>
    public LLVMValueRef BuildAnd(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildAnd(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>or</c>.</summary>
    public LLVMValueRef BuildOr(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildOr(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>xor</c>.</summary>
    public LLVMValueRef BuildXor(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildXor(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>fadd</c>.</summary>
    public LLVMValueRef BuildFAdd(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildFAdd(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>fsub</c>.</summary>
    public LLVMValueRef BuildFSub(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildFSub(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>fmul</c>.</summary>
    public LLVMValueRef BuildFMul(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildFMul(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>fdiv</c>.</summary>
    public LLVMValueRef BuildFDiv(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildFDiv(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>add nsw</c>.</summary>
    public LLVMValueRef BuildNSWAdd(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildNSWAdd(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>sub nsw</c>.</summary>
    public LLVMValueRef BuildNSWSub(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildNSWSub(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>mul nsw</c>.</summary>
    public LLVMValueRef BuildNSWMul(LLVMValueRef left, LLVMValueRef right) => new(LLVM.BuildNSWMul(Handle, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>trunc</c>.</summary>
    public LLVMValueRef BuildTrunc(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildTrunc(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>zext</c>.</summary>
    public LLVMValueRef BuildZExt(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildZExt(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>sext</c>.</summary>
    public LLVMValueRef BuildSExt(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildSExt(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>fptrunc</c>.</summary>
    public LLVMValueRef BuildFPTrunc(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildFPTrunc(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>fpext</c>.</summary>
    public LLVMValueRef BuildFPExt(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildFPExt(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>fptosi</c>.</summary>
    public LLVMValueRef BuildFPToSI(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildFPToSI(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>sitofp</c>.</summary>
    public LLVMValueRef BuildSIToFP(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildSIToFP(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>uitofp</c>.</summary>
    public LLVMValueRef BuildUIToFP(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildUIToFP(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>bitcast</c>.</summary>
    public LLVMValueRef BuildBitCast(LLVMValueRef value, LLVMTypeRef type) => new(LLVM.BuildBitCast(Handle, value.Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>icmp</c>.</summary>
    public LLVMValueRef BuildICmp(LLVMIntPredicate predicate, LLVMValueRef left, LLVMValueRef right) =>
        new(LLVM.BuildICmp(Handle, predicate, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>fcmp</c>.</summary>
    public LLVMValueRef BuildFCmp(LLVMRealPredicate predicate, LLVMValueRef left, LLVMValueRef right) =>
        new(LLVM.BuildFCmp(Handle, predicate, left.Handle, right.Handle, NoName));

    /// <summary>LLVM's <c>select</c>.</summary>
    public LLVMValueRef BuildSelect(LLVMValueRef condition, LLVMValueRef then, LLVMValueRef otherwise) =>
        new(LLVM.BuildSelect(Handle, condition.Handle, then.Handle, otherwise.Handle, NoName));

    /// <summary>LLVM's <c>phi</c>, without incoming values yet.</summary>
    public LLVMValueRef BuildPhi(LLVMTypeRef type) => new(LLVM.BuildPhi(Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>call</c> of a function or intrinsic declared in the module.</summary>
    public LLVMValueRef BuildCall2(LLVMTypeRef type, LLVMValueRef function, ReadOnlySpan<LLVMValueRef> arguments)
    {
        fixed (LLVMValueRef* p = arguments)
        {
            return new(LLVM.BuildCall2(Handle, type.Handle, function.Handle, (nint*)p, (uint)arguments.Length, NoName));
        }
    }

    /// <summary>LLVM's <c>alloca</c>.</summary>
    public LLVMValueRef BuildAlloca(LLVMTypeRef type) => new(LLVM.BuildAlloca(Handle, type.Handle, NoName));

    /// <summary>LLVM's <c>load</c>.</summary>
    public LLVMValueRef BuildLoad2(LLVMTypeRef type, LLVMValueRef pointer) => new(LLVM.BuildLoad2(Handle, type.Handle, pointer.Handle, NoName));

    /// <summary>LLVM's <c>store</c>.</summary>
    public LLVMValueRef BuildStore(LLVMValueRef value, LLVMValueRef pointer) => new(LLVM.BuildStore(Handle, value.Handle, pointer.Handle));

    /// <summary>LLVM's <c>getelementptr inbounds</c> with one index.</summary>
    public LLVMValueRef BuildInBoundsGEP2(LLVMTypeRef type, LLVMValueRef pointer, LLVMValueRef index)
    {
        nint i = index.Handle;
        return new(LLVM.BuildInBoundsGEP2(Handle, type.Handle, pointer.Handle, &i, 1, NoName));
    }

    /// <summary>LLVM's <c>getelementptr</c> with one index (a vector of indices gives a vector of pointers).</summary>
    public LLVMValueRef BuildGEP2(LLVMTypeRef type, LLVMValueRef pointer, LLVMValueRef index)
    {
        nint i = index.Handle;
        return new(LLVM.BuildGEP2(Handle, type.Handle, pointer.Handle, &i, 1, NoName));
    }

    /// <summary>LLVM's <c>extractelement</c>.</summary>
    public LLVMValueRef BuildExtractElement(LLVMValueRef vector, LLVMValueRef index) =>
        new(LLVM.BuildExtractElement(Handle, vector.Handle, index.Handle, NoName));

    /// <summary>LLVM's <c>insertelement</c>.</summary>
    public LLVMValueRef BuildInsertElement(LLVMValueRef vector, LLVMValueRef element, LLVMValueRef index) =>
        new(LLVM.BuildInsertElement(Handle, vector.Handle, element.Handle, index.Handle, NoName));

    /// <summary>LLVM's <c>shufflevector</c>.</summary>
    public LLVMValueRef BuildShuffleVector(LLVMValueRef left, LLVMValueRef right, LLVMValueRef mask) =>
        new(LLVM.BuildShuffleVector(Handle, left.Handle, right.Handle, mask.Handle, NoName));
}
