namespace Dlc.Runtime;

/// <summary>One allocation of the arena. Two whose intervals of steps meet have no byte in common.</summary>
/// <param name="Name">ONNX name of the first value in it, or a made-up one; unique in the report.</param>
/// <param name="Bytes">Its size, padding included: a multiple of 64, not 0.</param>
/// <param name="Offset">Where it begins in the arena, in bytes: a multiple of 64.</param>
/// <param name="First">Index of the step that first writes it.</param>
/// <param name="Last">Index of the last step that touches it.</param>
/// <param name="Values">Names of all values that lie in it, in the order in which they are made; <c>scratch</c> for what a kernel needs while it runs.</param>
public sealed record MemoryBuffer(string Name, long Bytes, long Offset, int First, int Last, IReadOnlyList<string> Values);
