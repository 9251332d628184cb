namespace Dlc.Codegen.Llvm;

/// <summary>A constant, function, global, parameter or instruction; owned by its module or context.</summary>
public readonly unsafe record struct LLVMValueRef(nint Handle)
{
    /// <summary>The value's type.</summary>
    public LLVMTypeRef TypeOf => new(LLVM.TypeOf(Handle));

    /// <summary>Whether this is a constant.</summary>
    public bool IsConstant => LLVM.IsConstant(Handle) != 0;

    /// <summary>Whether this is an integer constant (not a vector of them).</summary>
    public bool IsAConstantInt => LLVM.IsAConstantInt(Handle) != 0;

    /// <summary>Value of an integer constant.</summary>
    public long ConstIntSExt => LLVM.ConstIntGetSExtValue(Handle);

    /// <summary>Element of a constant vector or array; the null handle where it has none.</summary>
    public LLVMValueRef AggregateElement(uint index) => new(LLVM.GetAggregateElement(Handle, index));

    /// <summary>Type of a function or global, as opposed to the pointer that it is.</summary>
    public LLVMTypeRef GlobalValueType => new(LLVM.GlobalGetValueType(Handle));

    /// <summary>An integer constant.</summary>
    public static LLVMValueRef CreateConstInt(LLVMTypeRef type, ulong value, bool signExtend = false) =>
        new(LLVM.ConstInt(type.Handle, value, signExtend ? 1 : 0));

    /// <summary>A floating-point constant, rounded to the type.</summary>
    public static LLVMValueRef CreateConstReal(LLVMTypeRef type, double value) => new(LLVM.ConstReal(type.Handle, value));

    /// <summary>A vector of constants.</summary>
    public static LLVMValueRef CreateConstVector(ReadOnlySpan<LLVMValueRef> values)
    {
        fixed (LLVMValueRef* p = values)
        {
            return new(LLVM.ConstVector((nint*)p, (uint)values.Length));
        }
    }

    /// <summary>An array of constants.</summary>
    public static LLVMValueRef CreateConstArray(LLVMTypeRef element, ReadOnlySpan<LLVMValueRef> values)
    {
        fixed (LLVMValueRef* p = values)
        {
            return new(LLVM.ConstArray2(element.Handle, (nint*)p, (ulong)values.Length));
        }
    }

    /// <summary>Parameter <paramref name="index"/> of a function.</summary>
    public LLVMValueRef GetParam(uint index) => new(LLVM.GetParam(Handle, index));

    /// <summary>Adds a block to a function.</summary>
    public LLVMBasicBlockRef AppendBasicBlock(LLVMContextRef context, string name) =>
        new(LLVM.AppendBasicBlockInContext(context.Handle, Handle, name));

    /// <summary>Adds an incoming edge to a phi.</summary>
    public void AddIncoming(LLVMValueRef value, LLVMBasicBlockRef block)
    {
        nint v = value.Handle;
        nint b = block.Handle;
        LLVM.AddIncoming(Handle, &v, &b, 1);
    }

    /// <summary>Alignment in bytes of a load, store, alloca or global.</summary>
    public void SetAlignment(uint bytes) => LLVM.SetAlignment(Handle, bytes);

    /// <summary>Fast-math flags of a floating-point instruction; ignored for folded constants.</summary>
    public void SetFastMathFlags(LLVMFastMathFlags flags)
    {
        if (LLVM.CanValueUseFastMathFlags(Handle) != 0)
        {
            LLVM.SetFastMathFlags(Handle, (uint)flags);
        }
    }

    /// <summary>Gives a global its constant contents, visible in its module only and free to be merged.</summary>
    public void SetPrivateConstant(LLVMValueRef contents)
    {
        const int privateLinkage = 9;
        const int globalUnnamedAddress = 2;
        LLVM.SetInitializer(Handle, contents.Handle);
        LLVM.SetGlobalConstant(Handle, 1);
        LLVM.SetLinkage(Handle, privateLinkage);
        LLVM.SetUnnamedAddress(Handle, globalUnnamedAddress);
    }

    /// <summary>Gives a global undefined contents and makes it visible in its module only.</summary>
    public void SetUndefined()
    {
        const int internalLinkage = 8;
        LLVM.SetInitializer(Handle, LLVM.GetUndef(GlobalValueType.Handle));
        LLVM.SetLinkage(Handle, internalLinkage);
    }

    /// <summary>The calling convention of a function, by LLVM's number.</summary>
    public void SetCallingConvention(uint number) => LLVM.SetFunctionCallConv(Handle, number);

    /// <summary>Makes a function visible in its module only.</summary>
    public void SetInternal()
    {
        const int internalLinkage = 8;
        LLVM.SetLinkage(Handle, internalLinkage);
    }

    /// <summary>Adds an enum attribute to a function (index -1), its result (0) or parameter (1 and up).</summary>
    public void AddAttributeAtIndex(int index, LLVMAttributeRef attribute) =>
        LLVM.AddAttributeAtIndex(Handle, unchecked((uint)index), attribute.Handle);
}
