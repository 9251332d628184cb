using Dlc.IR;
using Dlc.Passes.Memory;

namespace Dlc.Passes.Rematerialization;

/// <summary>When the nodes of a graph, in its order, touch which buffers.</summary>
internal sealed class IdleSpans
{
    private readonly Dictionary<Value, List<int>> _touches = [];
    private readonly Dictionary<Value, int> _positions = [];

    public IdleSpans(Graph graph, MemoryModel model)
    {
        Model = model;
        // Nodes that do something before each position: views are names.
        var steps = new int[graph.Nodes.Length + 1];
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            var node = graph.Nodes[i];
            steps[i + 1] = steps[i] + 1;
            foreach (var output in node.Outputs)
            {
                _positions[output] = i;
            }

            if (node.Outputs.Length > 0 && node.Outputs.All(o => model.PlaceOf(o) == ValuePlace.View && !IsPartOfConcat(o)))
            {
                steps[i + 1] = steps[i];
                continue;
            }

            foreach (var root in Graph.Captures(node).Concat(node.Inputs).Concat(node.Outputs).Select(model.RootOf).Distinct())
            {
                if (!_touches.TryGetValue(root, out var list))
                {
                    _touches.Add(root, list = []);
                }

                list.Add(i);
            }
        }

        var spans = new List<IdleSpan>();
        foreach (var (root, touches) in _touches)
        {
            for (var t = 0; t + 1 < touches.Count && model.IsBuffer(root); t++)
            {
                var (after, before) = (touches[t], touches[t + 1]);
                var values = graph.Nodes[before].Inputs.Where(v => ReferenceEquals(model.RootOf(v), root)).Distinct().ToList();
                if (steps[before] > steps[after] + 1 && values.Count > 0 && after >= LastWriter(graph, root, touches)
                    && Graph.Captures(graph.Nodes[before]).All(v => !ReferenceEquals(model.RootOf(v), root)))
                {
                    spans.Add(new IdleSpan(root, model.BytesOf(root), after, before, values, _positions));
                }
            }
        }

        All = [.. spans.OrderBy(s => s.After).ThenBy(s => s.Before).ThenBy(s => _positions[s.Root])];
    }

    public MemoryModel Model { get; }

    /// <summary>By place in the order.</summary>
    public IReadOnlyList<IdleSpan> All { get; }

    /// <summary>Whether a node at this position or after it touches a buffer.</summary>
    public bool IsTouchedFrom(Value root, int position) => _touches.TryGetValue(root, out var touches) && touches[^1] >= position;

    /// <summary>Position of the node that makes a value.</summary>
    public int PositionOf(Value value) => _positions[value];

    /// <summary>A part of a concatenation is written by its producer, unlike other views.</summary>
    private bool IsPartOfConcat(Value value) => value.Producer is { } producer
        && !producer.Inputs.Any(i => ReferenceEquals(Model.RootOf(i), Model.RootOf(value)));

    private int LastWriter(Graph graph, Value root, List<int> touches) =>
        touches.Last(t => graph.Nodes[t].Outputs.Any(o => ReferenceEquals(Model.RootOf(o), root)));
}
