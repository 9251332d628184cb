using System.Text;

namespace Dlc.Codegen.Llvm;

/// <summary>Owns types, constants and modules of one thread. Freed by <see cref="Dispose"/>, after its modules and builders.</summary>
public readonly unsafe record struct LLVMContextRef(nint Handle) : IDisposable
{

    public LLVMTypeRef Int1Type => new(LLVM.IntTypeInContext(Handle, 1));

    public LLVMTypeRef Int8Type => new(LLVM.IntTypeInContext(Handle, 8));

    public LLVMTypeRef Int16Type => new(LLVM.IntTypeInContext(Handle, 16));

    public LLVMTypeRef Int32Type => new(LLVM.IntTypeInContext(Handle, 32));

    public LLVMTypeRef Int64Type => new(LLVM.IntTypeInContext(Handle, 64));

    public LLVMTypeRef HalfType => new(LLVM.HalfTypeInContext(Handle));

    public LLVMTypeRef FloatType => new(LLVM.FloatTypeInContext(Handle));

    public LLVMTypeRef DoubleType => new(LLVM.DoubleTypeInContext(Handle));

    public LLVMTypeRef PointerType => new(LLVM.PointerTypeInContext(Handle, 0));

    public LLVMTypeRef VoidType => new(LLVM.VoidTypeInContext(Handle));

    /// <summary>A pointer into an address space of the target.</summary>
    public LLVMTypeRef PointerTypeIn(uint addressSpace) => new(LLVM.PointerTypeInContext(Handle, addressSpace));

    /// <summary>A new context; value names are dropped unless <paramref name="keepNames"/>.</summary>
    public static LLVMContextRef Create(bool keepNames = false)
    {
        LLVMContextRef context = new(LLVM.ContextCreate());
        LLVM.ContextSetDiscardValueNames(context.Handle, keepNames ? 0 : 1);
        return context;
    }

    /// <inheritdoc/>
    public void Dispose() => LLVM.ContextDispose(Handle);

    /// <summary>An integer type of any width.</summary>
    public LLVMTypeRef GetIntType(uint bits) => new(LLVM.IntTypeInContext(Handle, bits));

    /// <summary>An empty module.</summary>
    public LLVMModuleRef CreateModuleWithName(string name) => new(LLVM.ModuleCreateWithNameInContext(name, Handle));

    /// <summary>A builder that is not placed anywhere yet.</summary>
    public LLVMBuilderRef CreateBuilder() => new(LLVM.CreateBuilderInContext(Handle));

    /// <summary>An attribute that LLVM knows by name, e.g. <c>noalias</c>.</summary>
    /// <exception cref="ArgumentException">LLVM does not know the name.</exception>
    public LLVMAttributeRef CreateEnumAttribute(string name, ulong value = 0)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(name);
        fixed (byte* p = bytes)
        {
            uint kind = LLVM.GetEnumAttributeKindForName(p, (nuint)bytes.Length);
            return kind != 0 ? new(LLVM.CreateEnumAttribute(Handle, kind, value)) : throw new ArgumentException($"no LLVM attribute '{name}'");
        }
    }

    /// <summary>A target-dependent attribute <c>"key"="value"</c>.</summary>
    public LLVMAttributeRef CreateStringAttribute(string key, string value)
    {
        byte[] k = Encoding.UTF8.GetBytes(key);
        byte[] v = Encoding.UTF8.GetBytes(value + "\0");
        fixed (byte* pk = k, pv = v)
        {
            return new(LLVM.CreateStringAttribute(Handle, pk, (uint)k.Length, pv, (uint)v.Length - 1));
        }
    }
}
