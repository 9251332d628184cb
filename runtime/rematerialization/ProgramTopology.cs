using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// The steps of one order of a model as the planner of evictions sees them. Its values are the planned items of the entry, by their numbers, then all
/// that lies outside of the arena and is written. A branch or loop is one step that holds all it needs.
/// </summary>
internal sealed class ProgramTopology
{
    private readonly PreparedModel _model;
    private readonly PreparedOrder _order;
    private readonly Dictionary<int, int> _valueOf = [];
    private readonly int[] _stepOfPlace;

    private ProgramTopology(PreparedModel model, PreparedOrder order)
    {
        (_model, _order) = (model, order);
        _stepOfPlace = new int[order.Places.Length];
        for (int p = 0, k = -1; p < _stepOfPlace.Length; p++)
        {
            k += k + 1 < order.Main.Length && order.Places[p].Kind == PlaceKind.Step && order.Places[p].Step == order.Main[k + 1] ? 1 : 0;
            _stepOfPlace[p] = k;
        }

        Topology = Build();
        var items = model.Points[0].Items;
        Aliases = new int[items.Length][];
        var lists = new Dictionary<int, List<int>>();
        foreach (int v in model.Points[0].Values.Where(v => model.Model.Values[v].Storage == StorageKind.Alias))
        {
            int root = RootOf(v);
            (lists.TryGetValue(root, out var list) ? list : lists[root] = []).Add(v);
        }

        for (int i = 0; i < items.Length; i++)
        {
            Aliases[i] = items[i].Step < 0 && items[i].Carried < 0 && lists.TryGetValue(items[i].Value, out var list) ? [.. list] : [];
        }
    }

    /// <summary>What the planner works on.</summary>
    public StepTopology Topology { get; }

    /// <summary>By item: the values that are views of it, a view after what it views.</summary>
    public int[][] Aliases { get; }

    /// <summary>The topology of an order, made once.</summary>
    public static ProgramTopology Of(PreparedModel model, PreparedOrder order)
    {
        lock (order)
        {
            return order.Topology ??= new ProgramTopology(model, order);
        }
    }

    /// <summary>The first place of a step; one past all places for what is done after the last step.</summary>
    public int PlaceOf(int step)
    {
        int at = Array.BinarySearch(_stepOfPlace, step);
        if (at < 0)
        {
            return step < 0 ? 0 : _stepOfPlace.Length - 1;
        }

        while (at > 0 && _stepOfPlace[at - 1] == step)
        {
            at--;
        }

        return at;
    }

    /// <summary>The last place of a step: that of a branch or loop where it ends.</summary>
    public int LastPlaceOf(int step) => step + 1 < _order.Main.Length ? Math.Max(PlaceOf(step), PlaceOf(step + 1) - 1) : _stepOfPlace.Length - 1;

    private StepTopology Build()
    {
        var items = _model.Points[0].Items;
        var lifetimes = _order.Lifetimes[0];
        int count = _order.Main.Length;
        var reads = new List<int>[count];
        var writes = new List<int>[count];
        var pairs = new List<(int, int)>[count];
        for (int k = 0; k < count; k++)
        {
            (reads[k], writes[k], pairs[k]) = ([], [], []);
        }

        for (int i = 0; i < items.Length; i++)
        {
            if (items[i].Step < 0 && items[i].Carried < 0)
            {
                _valueOf.Add(items[i].Value, i);
            }

            // Scratch, and what only a branch or a loop knows of.
            var (first, last) = (_stepOfPlace[lifetimes.Start[i]], _stepOfPlace[Math.Min(lifetimes.End[i], _stepOfPlace.Length - 1)]);
            if (items[i].Step >= 0 || items[i].Carried >= 0 || (first == last && _order.Main[first].Kind is StepKind.If or StepKind.Loop))
            {
                writes[first].Add(i);
            }
        }

        int next = items.Length;
        for (int v = 0; v < _model.Roles.Length; v++)
        {
            if (_model.Roles[v] is ValueRole.Output or ValueRole.Input)
            {
                _valueOf.Add(v, next++);
            }
        }

        var written = new bool[next];
        for (int k = 0; k < count; k++)
        {
            Collect(_order.Main[k], reads[k], writes[k], pairs[k], written);
            foreach (int v in writes[k])
            {
                written[v] = true;
            }
        }

        var isResident = new bool[next];
        Array.Fill(isResident, true, items.Length, next - items.Length);

        // Marks are of the first order; in another one other values lie idle.
        bool isMarked = _order == _model.Orders[0] && _model.Model.Programs[0].Evictable.Length > 0;
        var marked = _model.Model.Programs[0].Evictable.Select(RootOf).Where(_valueOf.ContainsKey).Select(v => _valueOf[v]).ToHashSet();
        return new StepTopology(
            [.. reads.Select(r => r.Distinct().ToArray())],
            [.. writes.Select(w => w.Distinct().ToArray())],
            [.. pairs.Select(p => p.ToArray())],
            [.. _order.Main.Select(s => s.Kind is StepKind.Launch or StepKind.Copy)],
            isResident,
            new bool[next],
            [.. Enumerable.Range(0, next).Select(v => !isMarked || marked.Contains(v))]);
    }

    private void Collect(PreparedStep step, List<int> reads, List<int> writes, List<(int, int)> pairs, bool[] written)
    {
        switch (step)
        {
            case PreparedLaunch launch:
                var source = (LaunchStep)launch.Source;
                for (int b = 0; b < launch.Buffers.Length; b++)
                {
                    Add(launch.Buffers[b], Array.IndexOf(source.Writes, b) >= 0 ? writes : reads);
                }

                foreach (var pair in launch.InPlace)
                {
                    Pair(launch.Buffers[pair.Input], launch.Buffers[pair.Output], pairs);
                }

                break;
            case PreparedCopy copy:
                Add(copy.From, reads);
                Add(copy.To, writes);
                break;
            case PreparedBindSlot bind:
                Add(bind.Value, reads);
                break;
            default:
                foreach (int v in MentionsOf(step).Where(_valueOf.ContainsKey).Select(v => _valueOf[v]).Distinct())
                {
                    (written[v] || v >= _model.Points[0].Items.Length ? reads : writes).Add(v);
                }

                foreach (int v in ResultsOf(step))
                {
                    Add(v, writes);
                }

                break;
        }
    }

    private void Add(int value, List<int> list)
    {
        if (_valueOf.TryGetValue(RootOf(value), out int v))
        {
            list.Add(v);
        }
    }

    private void Pair(int input, int output, List<(int, int)> pairs)
    {
        int items = _model.Points[0].Items.Length;
        if (_valueOf.TryGetValue(RootOf(input), out int from) && _valueOf.TryGetValue(RootOf(output), out int to) && from < items && to < items && from != to)
        {
            pairs.Add((to, from));
        }
    }

    /// <summary>Roots of all values that a branch or loop mentions, its bodies included.</summary>
    private HashSet<int> MentionsOf(PreparedStep outer)
    {
        var roots = new HashSet<int>();
        var pending = new Stack<PreparedStep>([outer]);
        void Mention(int value)
        {
            if (value >= 0)
            {
                roots.Add(RootOf(value));
            }
        }

        while (pending.TryPop(out var step))
        {
            switch (step)
            {
                case PreparedLaunch launch:
                    Array.ForEach(launch.Buffers, Mention);
                    break;
                case PreparedCopy copy:
                    Mention(copy.From);
                    Mention(copy.To);
                    break;
                case PreparedBindSlot bind:
                    Mention(bind.Value);
                    break;
                case PreparedIf branch:
                    Mention(branch.Condition);
                    foreach (var result in branch.Results)
                    {
                        Mention(result.ThenValue);
                        Mention(result.ElseValue);
                        Mention(result.Output);
                    }

                    Array.ForEach(branch.Then, pending.Push);
                    Array.ForEach(branch.Else, pending.Push);
                    break;
                case PreparedLoop loop:
                    Mention(loop.Loop.TripCountValue);
                    Mention(loop.Loop.Condition);
                    foreach (var carried in loop.Loop.Carried)
                    {
                        Mention(carried.Initial);
                        Mention(carried.BodyIn);
                        Mention(carried.BodyOut);
                        Mention(carried.Final);
                    }

                    foreach (var scan in loop.Loop.ScanOutputs)
                    {
                        Mention(scan.BodyOut);
                        Mention(scan.Final);
                    }

                    Array.ForEach(loop.Body, pending.Push);
                    break;
                default:
                    throw new InvalidOperationException($"unknown step {step.Kind}");
            }
        }

        return roots;
    }

    private static IEnumerable<int> ResultsOf(PreparedStep step) => step switch
    {
        PreparedIf branch => branch.Results.Select(r => r.Output),
        PreparedLoop { Loop: var loop } => loop.Carried.Select(c => c.Final).Concat(loop.ScanOutputs.Select(s => s.Final)).Where(v => v >= 0),
        _ => [],
    };

    private int RootOf(int value)
    {
        while (_model.Model.Values[value].Storage == StorageKind.Alias)
        {
            value = _model.Model.Values[value].Index;
        }

        return value;
    }
}
