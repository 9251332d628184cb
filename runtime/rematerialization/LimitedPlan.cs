using Dlc.Runtime.Execution;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>How a run, or the rest of one, stays within its limit, made ready to run. Immutable.</summary>
internal sealed class LimitedPlan
{
    private readonly Dictionary<int, long> _outside;

    /// <summary>Makes a plan ready.</summary>
    /// <param name="problem">What was planned.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="modes">Its evictions, by gap.</param>
    /// <param name="offsets">By residence: where it begins in the arena.</param>
    /// <param name="arenaBytes">Bytes of the arena.</param>
    /// <param name="before">The plan that it takes the place of in the middle of a run, if there was one.</param>
    /// <param name="isOutside">By value, in the middle of a run: whether it lies outside, where that plan has it. Null before a run.</param>
    public LimitedPlan(
        LimitedProblem problem, ActionPlan plan, EvictionMode[] modes, long[] offsets, long arenaBytes, LimitedPlan? before = null, bool[]? isOutside = null)
    {
        (Problem, Plan, Modes, Offsets, ArenaBytes) = (problem, plan, modes, offsets, arenaBytes);
        _outside = before is null || isOutside is null ? [] : before._outside.Where(o => isOutside[o.Key]).ToDictionary();
        HostBytes = before?.HostBytes ?? 0;

        // The first action stands for what is there, the second is the step under way.
        First = isOutside is null ? 0 : 2;
        Actions = new LimitedAction[plan.Actions.Length];
        var placements = plan.Placements.ToLookup(p => p.Action, p => (p.Value, offsets[p.Residence]));
        for (int a = 0; a < Actions.Length; a++)
        {
            var action = plan.Actions[a];
            bool moves = action.Kind is ActionKind.Offload or ActionKind.Reload;
            var step = problem.Order.Main[moves ? Math.Min(action.Serves, problem.Order.Main.Length - 1) : action.Subject];
            Actions[a] = new LimitedAction(
                action.Kind, step, moves ? action.Subject : -1, moves ? OutsidePlace(action.Subject) : 0, [.. placements[a].Where(p => Knows(p.Value))]);
        }

        Joined = [.. problem.Program.Pairs.SelectMany(p => p).Where(p => problem.Program.PointOf[p.Read] > 0 && AreJoined(p.Written, p.Read))];
    }

    public LimitedProblem Problem { get; }

    public ProgramTopology Program => Problem.Program;

    public ActionPlan Plan { get; }

    /// <summary>By gap: what it evicts.</summary>
    public EvictionMode[] Modes { get; }

    /// <summary>By residence: where it begins in the arena.</summary>
    public long[] Offsets { get; }

    public LimitedAction[] Actions { get; }

    /// <summary>The first action that is still to be done.</summary>
    public int First { get; }

    /// <summary>Bytes of the arena.</summary>
    public long ArenaBytes { get; }

    /// <summary>Bytes outside the arena for what moves there.</summary>
    public long HostBytes { get; private set; }

    /// <summary>Values whose sizes data decides and which share a place as long as their sizes are equal.</summary>
    public (int Written, int Read, int WrittenValue, int ReadValue)[] Joined { get; }

    /// <summary>The fastest plan of at most so many bytes; null where there is none.</summary>
    public static LimitedPlan? Choose(LimitedProblem problem, PlanLadder ladder, long arenaLimit) =>
        ladder.Choose(arenaLimit) is var rung && rung >= 0
            ? new LimitedPlan(problem, ladder.PlanAt(rung), ladder.ModesAt(rung), ladder.Offsets(rung), ladder.ArenaBytes(rung)) : null;

    /// <summary>Whether a value has its places by this plan, not by its bind point.</summary>
    public bool Knows(int value) => value >= Program.Items.Length || Problem.Known.IsKnown[Program.PointOf[value]];

    /// <summary>Where outside the arena a value lies when it is there.</summary>
    public long OutsidePlace(int value)
    {
        if (!_outside.TryGetValue(value, out long at))
        {
            at = HostBytes;
            _outside.Add(value, at);
            HostBytes += Problem.Bytes[value];
        }

        return at;
    }

    /// <summary>What lies where in the arena, by places of the order: what is done for a step is done at its place.</summary>
    public PlacedBuffer[] Occupied() => [.. Plan.Residences.Select((r, i) =>
        new PlacedBuffer(Program.PlaceOf(Plan.Actions[r.First].Serves), Program.LastPlaceOf(Plan.Actions[r.Last].Serves), Offsets[i], ArenaProblem.Round(r.Bytes)))
        .Where(b => b.Bytes > 0)];

    private bool AreJoined(int a, int b)
    {
        foreach (var placement in Plan.Placements)
        {
            if (placement.Value == a && Array.Exists(Plan.Placements, p => p.Value == b && p.Residence == placement.Residence))
            {
                return true;
            }
        }

        return false;
    }
}
