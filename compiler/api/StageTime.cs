namespace Dlc.Compiler;

/// <summary>Wall time of one stage of a compilation.</summary>
public sealed record StageTime(string Stage, TimeSpan Elapsed);
