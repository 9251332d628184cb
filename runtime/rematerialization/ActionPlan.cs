namespace Dlc.Runtime.Rematerialization;

/// <summary>What a run does, action by action, and where its values lie. Immutable; valid for one signature.</summary>
internal sealed class ActionPlan
{
    public required PlanAction[] Actions { get; init; }

    /// <summary>Ordered by action.</summary>
    public required Placement[] Placements { get; init; }

    /// <summary>(action, value), ordered by action: the value is gone after it.</summary>
    public required (int Action, int Value)[] Drops { get; init; }

    public required Residence[] Residences { get; init; }

    /// <summary>Bytes in use during each action.</summary>
    public required long[] Live { get; init; }

    /// <summary>The largest of <see cref="Live"/>: no arena for this plan is smaller.</summary>
    public required long LowerBound { get; init; }

    /// <summary>Estimated seconds of recomputations and transfers.</summary>
    public required double ExtraSeconds { get; init; }

    /// <summary>The largest sum of bytes held outside the arena at a time.</summary>
    public required long HostBytes { get; init; }

    /// <summary>Whether anything is done besides the program's own steps.</summary>
    public bool IsPlain => Actions.Length == 0 || Array.TrueForAll(Actions, a => a.Kind == ActionKind.Launch);
}
