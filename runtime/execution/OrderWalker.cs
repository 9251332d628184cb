using Dlc.Runtime.Format;
using Dlc.Runtime.Memory;

namespace Dlc.Runtime.Execution;

/// <summary>Numbers the places of one order of the steps and collects what is mentioned where. Part of <see cref="ModelPreparer"/>.</summary>
internal sealed class OrderWalker
{
    private readonly ExecutableModel _model;
    private readonly PreparedStep[] _main;
    private readonly List<PreparedPlace> _places = [];
    private readonly int[] _stepPlace;
    private readonly Dictionary<int, (int Start, int End)> _carried = [];
    private readonly List<(int From, int To, int Place, int Owner)> _candidates = [];

    public OrderWalker(ExecutableModel model, PreparedStep[] main, int stepCount)
    {
        _model = model;
        _main = main;
        _stepPlace = new int[stepCount];
        Mentions = new MentionTable(model);
        foreach (var input in model.Inputs)
        {
            Mentions.Add(input.Value, 0, 0);
        }

        Walk(main, 0);
        foreach (var output in model.Outputs)
        {
            Mentions.Add(output.Value, _places.Count, 0);
        }

        Mentions.Finish();
    }

    public MentionTable Mentions { get; }

    /// <summary>The order, once it is known which items each bind point has.</summary>
    public PreparedOrder Finish(List<PreparedPoint> points)
    {
        var lifetimes = new LifetimeTable[points.Count];
        var pairs = new List<ItemPair>[points.Count];
        var itemOf = new Dictionary<int, (int Point, int Item)>();
        for (int p = 0; p < points.Count; p++)
        {
            var items = points[p].Items;
            lifetimes[p] = new LifetimeTable(new int[items.Length], new int[items.Length]);
            pairs[p] = [];
            for (int i = 0; i < items.Length; i++)
            {
                var item = items[i];
                (lifetimes[p].Start[i], lifetimes[p].End[i]) = item.Step >= 0 ? (_stepPlace[item.Step], _stepPlace[item.Step])
                    : item.Carried >= 0 ? _carried[item.Carried]
                    : Mentions.LifetimeOf(item.Value);
                if (item.Step < 0 && item.Carried < 0)
                {
                    itemOf.Add(item.Value, (p, i));
                }
            }
        }

        foreach (var (from, to, place, owner) in _candidates)
        {
            int root = Mentions.RootOf(from);
            if (itemOf.TryGetValue(root, out var a) && itemOf.TryGetValue(Mentions.RootOf(to), out var b) && a.Point == b.Point && a != b
                && lifetimes[a.Point].End[a.Item] == place && lifetimes[b.Point].Start[b.Item] == place
                && (owner < 0 || Mentions.OwnerOf(root) == owner))
            {
                pairs[a.Point].Add(new ItemPair(a.Item, b.Item, from, to, owner >= 0));
            }
        }

        return new PreparedOrder { Main = _main, Places = [.. _places], Lifetimes = lifetimes, Pairs = [.. pairs.Select(p => p.ToArray())] };
    }

    private int NewPlace(PlaceKind kind, PreparedStep step)
    {
        _places.Add(new PreparedPlace(kind, step));
        return _places.Count - 1;
    }

    private void Walk(PreparedStep[] steps, int program)
    {
        foreach (var step in steps)
        {
            int place = NewPlace(PlaceKind.Step, step);
            _stepPlace[step.Index] = place;
            switch (step)
            {
                case PreparedLaunch launch:
                    foreach (int value in launch.Buffers)
                    {
                        Mentions.Add(value, place, program);
                    }

                    foreach (var pair in launch.InPlace)
                    {
                        _candidates.Add((launch.Buffers[pair.Input], launch.Buffers[pair.Output], place, -1));
                    }

                    break;
                case PreparedCopy copy:
                    Mentions.Add(copy.From, place, program);
                    Mentions.Add(copy.To, place, program);
                    _candidates.Add((copy.From, copy.To, place, -1));
                    break;
                case PreparedBindSlot bind:
                    Mentions.Add(bind.Value, place, program);
                    break;
                case PreparedIf branch:
                    WalkIf(branch, place, program);
                    break;
                case PreparedLoop loop:
                    WalkLoop(loop, place, program);
                    break;
                default:
                    throw new InvalidOperationException($"unknown step {step.GetType().Name}");
            }
        }
    }

    private void WalkIf(PreparedIf branch, int place, int program)
    {
        var source = (IfStep)branch.Source;
        Mentions.Add(branch.Condition, place, program);
        Mentions.Enter(source.ThenProgram, program);
        Walk(branch.Then, source.ThenProgram);
        NewPlace(PlaceKind.Else, branch);
        Mentions.Enter(source.ElseProgram, program);
        Walk(branch.Else, source.ElseProgram);
        int end = NewPlace(PlaceKind.EndIf, branch);
        foreach (var result in branch.Results)
        {
            // The copy to the output happens here: both are alive, and one piece of memory only where the branch has no further use for it.
            Mentions.Add(result.ThenValue, end, source.ThenProgram);
            Mentions.Add(result.ElseValue, end, source.ElseProgram);
            Mentions.Add(result.Output, end, program);
            _candidates.Add((result.ThenValue, result.Output, end, source.ThenProgram));
            _candidates.Add((result.ElseValue, result.Output, end, source.ElseProgram));
        }
    }

    private void WalkLoop(PreparedLoop prepared, int place, int program)
    {
        var loop = prepared.Loop;
        AddOptional(loop.TripCountValue, place, program);
        AddOptional(loop.Condition, place, program);
        int body = loop.Body;
        int bodyStart = NewPlace(PlaceKind.Iterate, prepared);
        Mentions.Enter(body, program);
        AddOptional(loop.BodyIteration, bodyStart, body);
        AddOptional(loop.BodyConditionIn, bodyStart, body);
        Walk(prepared.Body, body);
        int bodyEnd = NewPlace(PlaceKind.Repeat, prepared);
        AddOptional(loop.BodyConditionOut, bodyEnd, body);
        int end = NewPlace(PlaceKind.EndLoop, prepared);
        Mentions.SetLoop(body, place, end);
        for (int i = 0; i < loop.Carried.Length; i++)
        {
            var carried = loop.Carried[i];

            // The first iteration reads the initial value where it is.
            Mentions.Add(carried.Initial, place, program);
            Mentions.Add(carried.Initial, end, program);
            Mentions.Add(carried.BodyIn, bodyStart, body);
            Mentions.Add(carried.BodyOut, bodyEnd, body);
            AddOptional(carried.Final, end, program);
            _carried[prepared.FirstCarried + i] = (place, end);
        }

        foreach (var scan in loop.ScanOutputs)
        {
            // A final value of known size is written while the loop runs.
            Mentions.Add(scan.BodyOut, bodyEnd, body);
            Mentions.Add(scan.Final, place, program);
            Mentions.Add(scan.Final, end, program);
        }
    }

    private void AddOptional(int value, int place, int program)
    {
        if (value != -1)
        {
            Mentions.Add(value, place, program);
        }
    }
}
