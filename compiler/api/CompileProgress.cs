namespace Dlc.Compiler;

/// <summary>What the compiler is at.</summary>
/// <param name="Stage">One of <see cref="CompileStages"/>.</param>
/// <param name="Detail">The pass, where there is one.</param>
/// <param name="Done">Kernels compiled, in the stage that compiles them.</param>
/// <param name="Total">Kernels to compile; 0 in other stages.</param>
public sealed record CompileProgress(string Stage, string? Detail = null, int Done = 0, int Total = 0);
