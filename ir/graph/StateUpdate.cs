namespace Dlc.IR;

/// <summary>
/// An output that is the next content of an input: the caller gives the same memory for both (parameters, the state of an optimizer, caches).
/// Both are positions in the graph's lists and have equal types.
/// </summary>
public readonly record struct StateUpdate(int Output, int Input);
