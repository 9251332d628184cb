using Dlc.Runtime.Execution;
using Dlc.Runtime.Format;
using Dlc.Runtime.Rematerialization;

namespace Dlc.Runtime.Memory;

/// <summary>Writes a plan down as a <see cref="MemoryReport"/>.</summary>
internal sealed class MemoryReporter
{
    private readonly PreparedModel _model;
    private readonly SignaturePlan _plan;
    private readonly PlanOptions _options;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    // By root value; null for one without bytes.
    private readonly Dictionary<int, string?> _names = [];
    private readonly string[] _bufferNames;
    private readonly List<string>[] _bufferValues;
    private readonly Dictionary<int, string> _scratchNames = [];
    private readonly List<string> _unknown = [];

    private MemoryReporter(PreparedModel model, SignaturePlan plan, PlanOptions options)
    {
        _model = model;
        _plan = plan;
        _options = options;
        _bufferNames = new string[plan.Arena.Buffers.Length];
        _bufferValues = new List<string>[plan.Arena.Buffers.Length];
    }

    /// <summary>The report of a plan.</summary>
    public static MemoryReport Report(PreparedModel model, SignaturePlan plan, PlanOptions options) => new MemoryReporter(model, plan, options).Run();

    private MemoryReport Run()
    {
        var model = _model.Model;
        var inputs = model.Inputs.Select(i => Name(i.Value, i.Name)).ToList();
        var outputs = model.Outputs.Where(o => o.UpdatesInput == -1).ToList();
        outputs.ForEach(o => Name(o.Value, o.Name));
        if (_plan.Limited is null)
        {
            NameBuffers();
        }
        else
        {
            foreach (var item in _model.Points[0].Items.Where(i => i is { Step: < 0, Carried: < 0 }))
            {
                _names[item.Value] = null;
            }
        }

        for (int v = 0; v < model.Values.Length; v++)
        {
            if (_model.Roles[v] == ValueRole.Constant)
            {
                inputs.Add(Name(v, model.Values[v].Name));
            }
        }

        NameTheRest();
        var limited = _plan.Limited is null ? null : new LimitedReporter(_model, _plan, _plan.Limited, _options, v => Unique(v), NameOf);
        var buffers = limited?.Buffers ?? _plan.Arena.Buffers
            .Select((b, g) => new MemoryBuffer(_bufferNames[g], b.Bytes, b.Offset, b.Start, b.End, _bufferValues[g]))
            .Where(b => b.Bytes > 0)
            .OrderBy(b => b.First).ThenBy(b => b.Offset)
            .ToList();
        return new MemoryReport
        {
            Dims = Dims(),
            PeakBytes = _plan.ArenaBytes,
            LowerBoundBytes = _plan.Limited?.Plan.LowerBound ?? _plan.Arena.LowerBound,
            HostBytes = _plan.Limited?.HostBytes ?? 0,
            ExtraSeconds = _plan.Limited?.Plan.ExtraSeconds ?? 0,
            WeightBytes = model.WeightBytes,
            InputBytes = model.Inputs.Sum(i => _plan.Bytes[i.Value]),
            OutputBytes = outputs.Sum(o => _plan.Bytes[o.Value]),
            Order = _plan.OrderNumber,
            Inputs = inputs,
            Buffers = buffers,
            Steps = limited?.Steps ?? Steps(buffers),
            Unknown = _unknown,
        };
    }

    private List<KeyValuePair<string, long>> Dims()
    {
        var dims = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var axis in _model.Model.Inputs.SelectMany(i => i.Axes).Where(a => a.Kind == InputAxisKind.Bind))
        {
            dims[axis.Text] = _plan.Slots[axis.Slot];
        }

        return [.. dims];
    }

    private string Unique(string name)
    {
        string unique = name;
        for (int n = 2; !_taken.Add(unique); n++)
        {
            unique = $"{name}#{n}";
        }

        return unique;
    }

    private string Name(int value, string name)
    {
        string unique = Unique(name);
        _names[value] = unique;
        return unique;
    }

    private void NameBuffers()
    {
        var (items, lifetimes) = (_model.Points[0].Items, _plan.Order.Lifetimes[0]);
        foreach (int i in Enumerable.Range(0, items.Length).OrderBy(i => lifetimes.Start[i]).ThenBy(i => i))
        {
            var item = items[i];
            int group = _plan.Arena.Groups[i];
            if (_plan.Arena.Buffers[group].Bytes == 0)
            {
                if (item.Step < 0 && item.Carried < 0)
                {
                    _names[item.Value] = null;
                }

                continue;
            }

            string own = item.Step >= 0 ? "scratch" : _model.Model.Values[item.Value].Name;
            (_bufferValues[group] ??= []).Add(own);
            _bufferNames[group] ??= Unique(item.Step >= 0 ? $"scratch of step {lifetimes.Start[i]}" : item.Carried >= 0 ? $"{own}/{item.Side}" : own);
            if (item.Step >= 0)
            {
                _scratchNames[item.Step] = _bufferNames[group];
            }
            else if (item.Carried < 0 || item.Side == 0)
            {
                _names[item.Value] = _bufferNames[group];
            }
        }
    }

    /// <summary>Values with memory outside of the plan: of dims that data decides, or of a loop's own.</summary>
    private void NameTheRest()
    {
        for (int v = 0; v < _model.Roles.Length; v++)
        {
            if (_model.Roles[v] is ValueRole.Planned or ValueRole.CarriedIn && !_names.ContainsKey(v))
            {
                string name = Name(v, _model.Model.Values[v].Name);
                if (_model.Roles[v] == ValueRole.Planned || !_model.Carried[_model.CarriedOf[v]].PassesThrough)
                {
                    _unknown.Add(name);
                }
            }
        }

        for (int v = 0; v < _model.Roles.Length; v++)
        {
            if (_model.Roles[v] == ValueRole.CarriedOut)
            {
                // The other of the two buffers; where it is not planned it has a name of its own.
                int carried = _model.CarriedOf[v];
                int item = Array.FindIndex(_model.Points[0].Items, i => i.Carried == carried && i.Side == 1);
                _names[v] = item >= 0 && _plan.Arena.Buffers[_plan.Arena.Groups[item]].Bytes > 0
                    ? _bufferNames[_plan.Arena.Groups[item]] : Unique(_model.Model.Values[v].Name);
            }
        }
    }

    private string? NameOf(int value)
    {
        while (_model.Model.Values[value].Storage == StorageKind.Alias)
        {
            value = _model.Model.Values[value].Index;
        }

        return _names.GetValueOrDefault(value);
    }

    private List<MemoryStep> Steps(List<MemoryBuffer> buffers)
    {
        var places = _plan.Order.Places;
        var begin = buffers.ToLookup(b => b.First);
        var end = buffers.ToLookup(b => b.Last);
        var steps = new List<MemoryStep>(places.Length);
        for (int p = 0; p < places.Length; p++)
        {
            var (kind, kernel, reads, writes) = Describe(places[p]);
            var read = Names(reads);
            var written = Names(writes);
            if (places[p] is { Kind: PlaceKind.Step, Step: PreparedLaunch launch } && _scratchNames.TryGetValue(launch.Index, out string? scratch))
            {
                written.Add(scratch);
            }

            // What a loop keeps for its iterations is there from its beginning to its end.
            written.AddRange(begin[p].Select(b => b.Name).Where(n => !written.Contains(n)));
            read.AddRange(end[p].Select(b => b.Name).Where(n => !read.Contains(n) && !written.Contains(n)));
            var (flops, seconds) = StepCosts.Of(places[p].Step, _plan.Slots, _plan.Bytes, _options);
            steps.Add(new MemoryStep(p, kind, kernel, places[p].Step.Source.Origins, read, written, [.. end[p].Select(b => b.Name)], flops, seconds));
        }

        return steps;
    }

    private List<string> Names(IEnumerable<int> values) => [.. values.Where(v => v >= 0).Select(NameOf).OfType<string>().Distinct()];

    internal static (string Kind, string Kernel, IEnumerable<int> Reads, IEnumerable<int> Writes) Describe(PreparedPlace place)
    {
        switch (place.Step)
        {
            case PreparedLaunch launch:
                var source = (LaunchStep)launch.Source;
                return ("launch", source.Variants[^1].Name, source.Buffers.Where((_, i) => !source.Writes.Contains(i)), source.Writes.Select(i => source.Buffers[i]));
            case PreparedCopy copy:
                return ("copy", "", [copy.From], [copy.To]);
            case PreparedBindSlot bind:
                return ("bind", "", [bind.Value], []);
            case PreparedIf branch:
                return place.Kind switch
                {
                    PlaceKind.Step => ("if", "", [branch.Condition], []),
                    PlaceKind.Else => ("else", "", [], []),
                    _ => ("end-if", "", branch.Results.SelectMany(r => (int[])[r.ThenValue, r.ElseValue]), branch.Results.Select(r => r.Output)),
                };
            case PreparedLoop { Loop: var loop }:
                return place.Kind switch
                {
                    PlaceKind.Step => ("loop", "", [loop.TripCountValue, loop.Condition, .. loop.Carried.Select(c => c.Initial)], []),
                    PlaceKind.Iterate => ("iterate", "", [], [loop.BodyIteration, loop.BodyConditionIn, .. loop.Carried.Select(c => c.BodyIn)]),
                    PlaceKind.Repeat => ("repeat", "", [loop.BodyConditionOut, .. loop.Carried.Select(c => c.BodyOut), .. loop.ScanOutputs.Select(s => s.BodyOut)], []),
                    _ => ("end-loop", "", [], [.. loop.Carried.Select(c => c.Final), .. loop.ScanOutputs.Select(s => s.Final)]),
                };
            default:
                throw new InvalidOperationException($"unknown step {place.Step.Kind}");
        }
    }
}
