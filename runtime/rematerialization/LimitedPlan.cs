using Dlc.Runtime.Execution;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>How a run stays within its limit, made ready to run. Immutable.</summary>
internal sealed class LimitedPlan
{
    private LimitedPlan(ProgramTopology program, PreparedOrder order, PlanLadder ladder, int rung)
    {
        Program = program;
        Plan = ladder.PlanAt(rung);
        Offsets = ladder.Offsets(rung);
        ArenaBytes = ladder.ArenaBytes(rung);
        var outside = new Dictionary<int, long>();
        Actions = new LimitedAction[Plan.Actions.Length];
        int p = 0;
        for (int a = 0; a < Actions.Length; a++)
        {
            var action = Plan.Actions[a];
            int first = p;
            while (p < Plan.Placements.Length && Plan.Placements[p].Action == a)
            {
                p++;
            }

            var placements = new (int, long)[p - first];
            for (int i = 0; i < placements.Length; i++)
            {
                var placement = Plan.Placements[first + i];
                placements[i] = (placement.Value, Offsets[placement.Residence]);
            }

            bool moves = action.Kind is ActionKind.Offload or ActionKind.Reload;
            long at = 0;
            if (moves && !outside.TryGetValue(action.Subject, out at))
            {
                at = HostBytes;
                outside.Add(action.Subject, at);
                HostBytes += Plan.Residences[ResidenceOf(action.Subject, a)].Bytes;
            }

            var step = order.Main[moves ? Math.Min(action.Serves, order.Main.Length - 1) : action.Subject];
            Actions[a] = new LimitedAction(action.Kind, step, moves ? action.Subject : -1, at, placements);
        }
    }

    public ProgramTopology Program { get; }

    public ActionPlan Plan { get; }

    /// <summary>By residence: where it begins in the arena.</summary>
    public long[] Offsets { get; }

    public LimitedAction[] Actions { get; }

    /// <summary>Bytes of the arena.</summary>
    public long ArenaBytes { get; }

    /// <summary>Bytes outside the arena for what moves there.</summary>
    public long HostBytes { get; }

    /// <summary>Plans a signature.</summary>
    /// <param name="model">The model.</param>
    /// <param name="order">The order of its steps.</param>
    /// <param name="sizes">Bytes of the entry's items.</param>
    /// <param name="slots">Slots as they stand after the entry.</param>
    /// <param name="bytes">Bytes of the values known then.</param>
    /// <param name="options">What else the plan depends on.</param>
    public static PlanLadder LadderOf(PreparedModel model, PreparedOrder order, long[] sizes, long[] slots, long[] bytes, PlanOptions options)
    {
        var topology = ProgramTopology.Of(model, order).Topology;
        var rounded = new long[topology.Values];
        for (int i = 0; i < sizes.Length; i++)
        {
            rounded[i] = ArenaProblem.Round(sizes[i]);
        }

        return RematerializationPlanner.Plan(topology, new StepNumbers
        {
            Bytes = rounded,
            Seconds = [.. order.Main.Select(s => StepCosts.Of(s, slots, bytes, options).Seconds)],
            TransferRate = StepCosts.TransferRate(options),
            InPlace = options.InPlace,
        });
    }

    /// <summary>The fastest plan of at most so many bytes; null where there is none.</summary>
    public static LimitedPlan? Choose(PreparedModel model, PreparedOrder order, PlanLadder ladder, long arenaLimit) =>
        ladder.Choose(arenaLimit) is var rung && rung >= 0 ? new LimitedPlan(ProgramTopology.Of(model, order), order, ladder, rung) : null;

    /// <summary>What lies where in the arena, by places of the order: what is done for a step is done at its place.</summary>
    public PlacedBuffer[] Occupied() => [.. Plan.Residences.Select((r, i) =>
        new PlacedBuffer(Program.PlaceOf(Plan.Actions[r.First].Serves), Program.LastPlaceOf(Plan.Actions[r.Last].Serves), Offsets[i], ArenaProblem.Round(r.Bytes)))
        .Where(b => b.Bytes > 0)];

    private int ResidenceOf(int value, int action)
    {
        int found = -1;
        foreach (var placement in Plan.Placements)
        {
            if (placement.Action > action)
            {
                break;
            }

            found = placement.Value == value ? placement.Residence : found;
        }

        return found;
    }
}
