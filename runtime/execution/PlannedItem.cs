namespace Dlc.Runtime.Execution;

/// <summary>Something that gets an offset in a planned block.</summary>
/// <param name="Value">Value whose bytes it needs; -1 for scratch memory.</param>
/// <param name="Carried">Carried value whose buffer it is, or -1: then it is the value itself.</param>
/// <param name="Side">Which of the two buffers of the carried value.</param>
/// <param name="Step">Index of the launch whose scratch memory it is, or -1.</param>
internal readonly record struct PlannedItem(int Value, int Carried = -1, int Side = 0, int Step = -1);
