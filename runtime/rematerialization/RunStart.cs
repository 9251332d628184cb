namespace Dlc.Runtime.Rematerialization;

/// <summary>Where a run stands when the rest of it is planned: a step is about to run, or under way with all that it touches in memory.</summary>
internal sealed class RunStart
{
    /// <summary>The step.</summary>
    public required int Step { get; init; }

    /// <summary>By value: it is in the arena, whole.</summary>
    public required bool[] IsPresent { get; init; }

    /// <summary>By value: a copy of it is outside the arena.</summary>
    public required bool[] IsOutside { get; init; }

    /// <summary>By gap: evictions that the plan begins with; a plan may add to them.</summary>
    public required EvictionMode[] Modes { get; init; }
}
