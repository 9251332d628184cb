namespace Dlc.Runtime.Execution;

/// <summary>A kernel's entry point and the slots that say when and how to call it (-1 for none).</summary>
internal readonly record struct PreparedVariant(nint Entry, int PredicateSlot, int ExtentSlot, int GrainSlot, int ScratchSlot);
