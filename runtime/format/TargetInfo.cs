namespace Dlc.Runtime.Format;

/// <summary>The machine that the code image needs; checked when it is loaded.</summary>
/// <param name="Architecture"><c>x86-64</c>, or empty for an executable without code.</param>
/// <param name="Name">As the user named it: <c>x86-64-v3</c>, <c>native (znver5)</c>. For messages.</param>
/// <param name="Features">Every instruction set that the code uses.</param>
public sealed record TargetInfo(string Architecture, string Name, CpuFeatures Features);
