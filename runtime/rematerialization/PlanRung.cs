namespace Dlc.Runtime.Rematerialization;

/// <summary>What a plan does and comes to; the plan itself follows by walking through the program.</summary>
/// <param name="Modes">By gap.</param>
/// <param name="LowerBound">The most bytes in use at a time.</param>
/// <param name="ExtraSeconds">Estimated seconds of recomputations and transfers.</param>
internal sealed record PlanRung(EvictionMode[] Modes, long LowerBound, double ExtraSeconds)
{
    /// <summary>What a walk came to.</summary>
    public static PlanRung Of(PlanSimulator walk, EvictionMode[] modes) => new([.. modes], walk.Peak, walk.ExtraSeconds);

    /// <summary>Only plans that are faster than all that need as little memory, the fastest first.</summary>
    public static List<PlanRung> Envelope(IEnumerable<PlanRung> plans)
    {
        var result = new List<PlanRung>();
        var fastest = double.PositiveInfinity;
        foreach (var plan in plans.OrderBy(p => p.LowerBound).ThenBy(p => p.ExtraSeconds))
        {
            if (plan.ExtraSeconds < fastest)
            {
                result.Add(plan);
                fastest = plan.ExtraSeconds;
            }
        }

        result.Reverse();
        return result;
    }
}
