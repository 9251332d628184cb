namespace Dlc.Runtime.Memory;

/// <summary>What a plan depends on besides dims.</summary>
/// <param name="Threads">Threads that work at a launch, each of which needs scratch memory.</param>
/// <param name="InPlace">Whether results are written over what they are made of.</param>
internal readonly record struct PlanOptions(int Threads, bool InPlace);
