using Dlc.Runtime.Execution;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Rematerialization;

/// <summary>The buffers and steps of a run under a limit, for a <see cref="MemoryReport"/>. A value that returns has one more buffer of its name.</summary>
internal sealed class LimitedReporter
{
    private readonly PreparedModel _model;
    private readonly SignaturePlan _plan;
    private readonly LimitedPlan _limited;
    private readonly PlanOptions _options;
    private readonly Func<int, string?> _residentName;
    private readonly string[] _residenceNames;
    private readonly int[] _where;
    private readonly Dictionary<int, int> _itemOf = [];

    /// <summary>Writes it down.</summary>
    /// <param name="model">The model.</param>
    /// <param name="plan">The plan of the signature.</param>
    /// <param name="limited">Its actions.</param>
    /// <param name="options">For estimates of time.</param>
    /// <param name="unique">Makes a name unique.</param>
    /// <param name="residentName">The name of a value outside of the arena; null for one without bytes.</param>
    public LimitedReporter(
        PreparedModel model, SignaturePlan plan, LimitedPlan limited, PlanOptions options, Func<string, string> unique, Func<int, string?> residentName)
    {
        (_model, _plan, _limited, _options, _residentName) = (model, plan, limited, options, residentName);
        var items = limited.Program.Items;
        for (int i = 0; i < items.Length; i++)
        {
            if (items[i].Step < 0 && items[i].Carried < 0)
            {
                _itemOf.Add(items[i].Value, i);
            }
        }

        // What shares a place goes by the names of all.
        var residences = limited.Plan.Residences;
        var sharers = new List<int>[residences.Length];
        foreach (var placement in limited.Plan.Placements)
        {
            (sharers[placement.Residence] ??= []).Add(placement.Value);
        }

        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        _residenceNames = new string[residences.Length];
        for (int r = 0; r < residences.Length; r++)
        {
            string key = string.Join("+", sharers[r]);
            if (!known.TryGetValue(key, out string? name))
            {
                name = unique(string.Join(" > ", sharers[r].Select(v => v < items.Length ? ItemName(items[v]) : RoomName(v))));
                known.Add(key, name);
            }

            _residenceNames[r] = name;
        }

        _where = new int[items.Length + limited.Program.Rooms.Length];
        Array.Fill(_where, -1);
        Steps = MakeSteps();
        Buffers = [.. residences.Select((res, r) => new MemoryBuffer(
                _residenceNames[r], res.Bytes, limited.Offsets[r], res.First, res.Last, [.. sharers[r].SelectMany(NamesOf)]))
            .Where(b => b.Bytes > 0).OrderBy(b => b.First).ThenBy(b => b.Offset)];
    }

    public List<MemoryBuffer> Buffers { get; }

    public List<MemoryStep> Steps { get; }

    /// <summary>Of what a value of the planner holds: all that is in the room of a branch or loop.</summary>
    private IEnumerable<string> NamesOf(int value)
    {
        var program = _limited.Program;
        return value < program.Items.Length ? [ItemName(program.Items[value])]
            : program.Rooms[value - program.Items.Length].Items.Where(i => i.Point == 0).Select(i => ItemName(program.Items[i.Item]));
    }

    private string RoomName(int value)
    {
        var step = _plan.Order.Main[_limited.Program.Rooms[value - _limited.Program.Items.Length].Step];
        return $"inside {string.Join(", ", step.Source.Origins)}";
    }

    private string ItemName(PlannedItem item) => item.Step >= 0 ? $"scratch of launch {item.Step}"
        : item.Carried >= 0 ? $"{_model.Model.Values[item.Value].Name}/{item.Side}" : _model.Model.Values[item.Value].Name;

    private List<MemoryStep> MakeSteps()
    {
        var plan = _limited.Plan;
        var topology = _limited.Program.Topology;
        var ends = Enumerable.Range(0, plan.Residences.Length).ToLookup(r => plan.Residences[r].Last);
        var steps = new List<MemoryStep>(plan.Actions.Length);
        int items = _where.Length;
        int p = 0;
        for (int a = 0; a < plan.Actions.Length; a++)
        {
            var action = plan.Actions[a];
            var ready = _limited.Actions[a];
            bool moves = ready.Item >= 0;
            var touched = moves ? [ready.Item] : topology.Reads[action.Subject];

            // What is read is called as it was before this action gave it away.
            var reads = touched.Where(v => v < items && _where[v] >= 0 && plan.Residences[_where[v]].Bytes > 0)
                .Select(v => _residenceNames[_where[v]]).ToList();
            for (; p < plan.Placements.Length && plan.Placements[p].Action == a; p++)
            {
                _where[plan.Placements[p].Value] = plan.Placements[p].Residence;
            }

            var written = moves ? (action.Kind == ActionKind.Reload ? [ready.Item] : []) : topology.Writes[action.Subject];
            var writes = written.Where(v => v < items && plan.Residences[_where[v]].Bytes > 0).Select(v => _residenceNames[_where[v]]).ToList();
            var (kind, kernel, readValues, writtenValues) = MemoryReporter.Describe(new PreparedPlace(PlaceKind.Step, ready.Step));
            if (!moves)
            {
                reads.AddRange(Outside(readValues));
                writes.AddRange(Outside(writtenValues));
            }

            if (action.Kind == ActionKind.Reload)
            {
                reads.Clear();
            }

            var (flops, seconds) = moves
                ? (0, ArenaProblem.Round(_plan.Sizes[ready.Item]) / StepCosts.TransferRate(_options)) : StepCosts.Of(ready.Step, _plan.Slots, _plan.Bytes, _options);
            steps.Add(new MemoryStep(
                a,
                action.Kind switch
                {
                    ActionKind.Recompute => "recompute",
                    ActionKind.Offload => "offload",
                    ActionKind.Reload => "reload",
                    _ => kind,
                },
                moves ? "" : kernel,
                ready.Step.Source.Origins,
                [.. reads.Distinct()],
                [.. writes.Distinct()],
                [.. ends[a].Where(r => plan.Residences[r].Bytes > 0).Select(r => _residenceNames[r]).Distinct()],
                flops,
                seconds));
        }

        return steps;
    }

    private IEnumerable<string> Outside(IEnumerable<int> values) => values
        .Where(v => v >= 0 && !_itemOf.ContainsKey(RootOf(v)))
        .Select(_residentName)
        .OfType<string>();

    private int RootOf(int value)
    {
        while (_model.Model.Values[value].Storage == Format.StorageKind.Alias)
        {
            value = _model.Model.Values[value].Index;
        }

        return value;
    }
}
