namespace Dlc.Ptx.Text;

/// <summary>An operand of an instruction as written.</summary>
internal sealed record PtxOperand(OperandKind Kind)
{
    /// <summary>The name of a <see cref="OperandKind.Name"/>, with a dot and component where written.</summary>
    public string Name { get; init; } = "";

    /// <summary>Whether a <c>!</c> stands before the name.</summary>
    public bool Negated { get; init; }

    /// <summary>The bits of an immediate, or the bytes added to a name or address.</summary>
    public long Value { get; init; }

    /// <summary>How an immediate was written.</summary>
    public ImmediateKind Number { get; init; }

    /// <summary>The operands of a vector, a pair, an address (one) or a list.</summary>
    public PtxOperand[] Parts { get; init; } = [];
}
