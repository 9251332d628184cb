namespace Dlc.Runtime;

/// <summary>One step of a <see cref="MemoryReport"/>.</summary>
/// <param name="Index">Its place in the order.</param>
/// <param name="Kind">
/// <c>launch</c>, <c>copy</c>, <c>bind</c> (a size is read from data), <c>if</c>, <c>else</c>, <c>end-if</c>, <c>loop</c>, <c>iterate</c>, <c>repeat</c>, <c>end-loop</c>; under a
/// limit also <c>recompute</c>, <c>offload</c> and <c>reload</c>, and a branch or loop is one step.
/// </param>
/// <param name="Kernel">Name of the kernel that it launches; empty for other kinds.</param>
/// <param name="Origins">ONNX nodes that it came from.</param>
/// <param name="Reads">Names of what it reads.</param>
/// <param name="Writes">Names of what it writes, scratch included; what is written in place is also among <paramref name="Reads"/>.</param>
/// <param name="Drops">Names of the buffers that are gone after it.</param>
/// <param name="Flops">Scalar operations, an estimate.</param>
/// <param name="Seconds">Time, an estimate: see <see cref="CostRates"/>.</param>
public sealed record MemoryStep(int Index, string Kind, string Kernel, IReadOnlyList<string> Origins, IReadOnlyList<string> Reads, IReadOnlyList<string> Writes,
    IReadOnlyList<string> Drops, double Flops, double Seconds);
