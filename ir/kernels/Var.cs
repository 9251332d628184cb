namespace Dlc.IR.Kernels;

/// <summary>
/// A scalar variable: a loop counter, a let (bound once) or a mutable register. Identity is the object; <see cref="Id"/> is dense in
/// its kernel and only names it in text and in structural keys.
/// </summary>
public sealed class Var(int id, string name, ElementType type, bool isMutable)
{
    public int Id { get; } = id;

    public string Name { get; } = name;

    public ElementType Type { get; } = type;

    public bool IsMutable { get; } = isMutable;

    /// <summary>For a counter that is never negative: an exclusive upper bound, which index simplification relies on; else null.</summary>
    public Symbolic.Dim? Extent { get; init; }

    public override string ToString() => $"{Name}{Id}";
}
