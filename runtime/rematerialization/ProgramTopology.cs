using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;

namespace Dlc.Runtime.Rematerialization;

/// <summary>
/// The steps of one order of a model as the planner of evictions sees them. Its values are the planned items of all bind points, by their numbers, then a room
/// for what only one branch or loop knows of, for each of those, then all that lies outside of the arena and is written.
/// </summary>
internal sealed class ProgramTopology
{
    private readonly PreparedModel _model;
    private readonly PreparedOrder _order;
    private readonly Dictionary<int, int> _valueOf = [];
    private readonly int[] _stepOfPlace;
    private readonly int[][] _reads;
    private readonly int[][] _writes;
    private readonly bool[] _isResident;
    private readonly HashSet<int> _marked;

    private ProgramTopology(PreparedModel model, PreparedOrder order)
    {
        (_model, _order) = (model, order);
        _stepOfPlace = new int[order.Places.Length];
        for (int p = 0, k = -1; p < _stepOfPlace.Length; p++)
        {
            k += k + 1 < order.Main.Length && order.Places[p].Kind == PlaceKind.Step && order.Places[p].Step == order.Main[k + 1] ? 1 : 0;
            _stepOfPlace[p] = k;
        }

        FirstItem = new int[model.Points.Length];
        for (int p = 1; p < FirstItem.Length; p++)
        {
            FirstItem[p] = FirstItem[p - 1] + model.Points[p - 1].Items.Length;
        }

        Items = [.. model.Points.SelectMany(p => p.Items)];
        PointOf = [.. model.Points.SelectMany(p => Enumerable.Repeat(p.Id, p.Items.Length))];
        Rooms = [.. Enumerable.Range(0, order.Main.Length).Where(k => order.Main[k].Kind is StepKind.If or StepKind.Loop)
            .Select((k, r) => new StepRoom(model, order, k, Items.Length + r, PlaceOf(k), LastPlaceOf(k)))];
        RoomOf = new int[Items.Length];
        Array.Fill(RoomOf, -1);
        (_reads, _writes, Pairs, _isResident) = Collect();
        PlaceInRoom = new int[Items.Length];
        foreach (var room in Rooms)
        {
            for (int n = 0; n < room.Items.Count; n++)
            {
                PlaceInRoom[room.Items[n].Item] = n;
            }
        }

        Points = new PointPlaces(model, order);

        // Marks are of the first order; in another one other values lie idle.
        bool isMarked = _order == _model.Orders[0] && _model.Model.Programs[0].Evictable.Length > 0;
        _marked = isMarked
            ? [.. _model.Model.Programs[0].Evictable.Select(RootOf).Where(_valueOf.ContainsKey).Select(v => _valueOf[v])] : [.. Enumerable.Range(0, Values)];
        Topology = Build(p => p == 0, isMidRun: false);
        Aliases = new int[Items.Length][];
        var lists = model.Points.SelectMany(p => p.Values).Where(v => model.Model.Values[v].Storage == StorageKind.Alias).ToLookup(RootOf);
        for (int i = 0; i < Items.Length; i++)
        {
            Aliases[i] = Items[i].Step < 0 && Items[i].Carried < 0 ? [.. lists[Items[i].Value]] : [];
        }
    }

    /// <summary>What the planner works on before a run: nothing of what data decides leaves, or is made again.</summary>
    public StepTopology Topology { get; }

    /// <summary>By bind point: number of its first item.</summary>
    public int[] FirstItem { get; }

    /// <summary>Items of all bind points.</summary>
    public PlannedItem[] Items { get; }

    /// <summary>By item: its bind point.</summary>
    public int[] PointOf { get; }

    /// <summary>By item: the room in which it lies; -1 for what has a place of its own.</summary>
    public int[] RoomOf { get; }

    /// <summary>By item: which one of those in its room it is.</summary>
    public int[] PlaceInRoom { get; }

    /// <summary>Where in the order bind points are.</summary>
    public PointPlaces Points { get; }

    /// <summary>Of the branches and loops of the main program, in the order in which they run.</summary>
    public StepRoom[] Rooms { get; }

    /// <summary>By step: what may be the same memory, with the values of the executable as which the two are mentioned.</summary>
    public (int Written, int Read, int WrittenValue, int ReadValue)[][] Pairs { get; }

    /// <summary>Values in all.</summary>
    public int Values => _isResident.Length;

    /// <summary>By item: the values that are views of it, a view after what it views.</summary>
    public int[][] Aliases { get; }

    /// <summary>As <see cref="Topology"/> with the same numbers, when more is known.</summary>
    /// <param name="isKnown">By bind point: whether its sizes are.</param>
    /// <param name="isMidRun">Whether all may leave, marked for it or not.</param>
    public StepTopology When(bool[] isKnown, bool isMidRun) => Build(p => isKnown[p], isMidRun);

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

    private StepTopology Build(Func<int, bool> isKnown, bool isMidRun)
    {
        bool IsUnknown(int v) => v < Items.Length && !isKnown(PointOf[v]);
        return new StepTopology(
            _reads,
            _writes,
            [.. Pairs.Select(p => p.Select(x => (x.Written, x.Read)).ToArray())],
            [.. _order.Main.Select((s, k) => s.Kind is StepKind.Launch or StepKind.Copy && !Array.Exists(_reads[k], IsUnknown) && !Array.Exists(_writes[k], IsUnknown))],
            _isResident,
            new bool[Values],
            [.. Enumerable.Range(0, Values).Select(v => (isMidRun || _marked.Contains(v)) && !IsUnknown(v))]);
    }

    private (int[][] Reads, int[][] Writes, (int Written, int Read, int WrittenValue, int ReadValue)[][] Pairs, bool[] IsResident) Collect()
    {
        int count = _order.Main.Length;
        var reads = new List<int>[count];
        var writes = new List<int>[count];
        var pairs = new List<(int, int, int, int)>[count];
        for (int k = 0; k < count; k++)
        {
            (reads[k], writes[k], pairs[k]) = ([], [], []);
        }

        foreach (var room in Rooms)
        {
            writes[room.Step].Add(room.Value);
        }

        for (int i = 0; i < Items.Length; i++)
        {
            var lifetimes = _order.Lifetimes[PointOf[i]];
            int own = i - FirstItem[PointOf[i]];
            var (first, last) = (_stepOfPlace[lifetimes.Start[own]], _stepOfPlace[Math.Min(lifetimes.End[own], _stepOfPlace.Length - 1)]);
            if (first == last && Array.Find(Rooms, r => r.Step == first) is { } room)
            {
                RoomOf[i] = room.Value - Items.Length;
                room.Add(PointOf[i], own, i);
            }
            else if (Items[i].Step >= 0)
            {
                writes[first].Add(i);
            }
            else
            {
                _valueOf.Add(Items[i].Value, i);
            }
        }

        int next = Items.Length + Rooms.Length;
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
        Array.Fill(isResident, true, Items.Length + Rooms.Length, next - Items.Length - Rooms.Length);
        return (
            [.. reads.Select(r => r.Distinct().ToArray())],
            [.. writes.Select(w => w.Distinct().ToArray())],
            [.. pairs.Select(p => p.ToArray())],
            isResident);
    }

    private void Collect(PreparedStep step, List<int> reads, List<int> writes, List<(int, int, int, int)> pairs, bool[] written)
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
                    (written[v] || v >= Items.Length ? reads : writes).Add(v);
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

    private void Pair(int input, int output, List<(int, int, int, int)> pairs)
    {
        if (_valueOf.TryGetValue(RootOf(input), out int from) && _valueOf.TryGetValue(RootOf(output), out int to)
            && from < Items.Length && to < Items.Length && from != to && PointOf[from] == PointOf[to])
        {
            pairs.Add((to, from, output, input));
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
