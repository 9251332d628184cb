namespace Dlc.Ptx.Text;

/// <summary>An instruction, a label, or a table of branch targets as written.</summary>
internal sealed record PtxInstruction(int Line)
{
    /// <summary>The text, for messages.</summary>
    public string Source { get; init; } = "";

    /// <summary>The label that stands here; empty for none. A label is an entry of its own.</summary>
    public string Label { get; init; } = "";

    /// <summary>The labels of a table of branch targets.</summary>
    public string[] Targets { get; init; } = [];

    /// <summary>The predicate register that guards the instruction; empty for none.</summary>
    public string Guard { get; init; } = "";

    /// <summary>Whether the instruction runs where the guard is false.</summary>
    public bool GuardNegated { get; init; }

    /// <summary>The opcode up to its first dot.</summary>
    public string Opcode { get; init; } = "";

    /// <summary>What follows the opcode, without dots.</summary>
    public string[] Modifiers { get; init; } = [];

    /// <summary>The operands.</summary>
    public PtxOperand[] Operands { get; init; } = [];
}
