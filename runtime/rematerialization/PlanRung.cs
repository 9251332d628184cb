namespace Dlc.Runtime.Rematerialization;

/// <summary>What a plan does and comes to; the plan itself follows by walking through the program.</summary>
/// <param name="Modes">By gap.</param>
/// <param name="LowerBound">The most bytes in use at a time.</param>
/// <param name="ExtraSeconds">Estimated seconds of recomputations and transfers.</param>
internal sealed record PlanRung(EvictionMode[] Modes, long LowerBound, double ExtraSeconds);
