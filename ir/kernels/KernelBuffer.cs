using Dlc.IR.Symbolic;

namespace Dlc.IR.Kernels;

/// <summary>
/// A typed linear memory of a kernel. Parameters are numbered by <see cref="Parameter"/>; scratch and local buffers are allocated by
/// <see cref="AllocStmt"/> and have -1.
/// </summary>
public sealed class KernelBuffer(int id, string name, ElementType type, AddressSpace space, int parameter, bool isWritten, Dim? count)
{
    public int Id { get; } = id;

    public string Name { get; } = name;

    public ElementType Type { get; } = type;

    public AddressSpace Space { get; } = space;

    /// <summary>Position in the kernel's buffer arguments, or -1.</summary>
    public int Parameter { get; } = parameter;

    /// <summary>True when the kernel stores to it.</summary>
    public bool IsWritten { get; } = isWritten;

    /// <summary>Elements, where the kernel allocates it (constant for <see cref="AddressSpace.Local"/> and <see cref="AddressSpace.Shared"/>); null for parameters.</summary>
    public Dim? Count { get; } = count;

    public override string ToString() => $"{Name}{Id}";
}
