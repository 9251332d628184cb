namespace Dlc.Runtime;

/// <summary>Kinds of steps, as traces name them.</summary>
public enum StepKind : byte
{
    Launch,
    Copy,
    BindSlot,
    If,
    Loop,
}
