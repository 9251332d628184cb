using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>
/// What fusion asks of a graph: where a node stands in the order, who reads a value, and whether one value depends on others through
/// nodes of a window. Groups are marked here while they form.
/// </summary>
internal sealed class FusionGraph
{
    /// <summary>How many nodes a dependence question looks at before it answers yes, so that passes stay near-linear.</summary>
    private const int SearchLimit = 512;

    private readonly Dictionary<Node, int> _positions = [];
    private readonly Dictionary<Value, List<Node>> _users = [];
    private readonly HashSet<Value> _escaping = [];
    private readonly Dictionary<Node, FusionGroup> _groups = [];

    public FusionGraph(Graph graph)
    {
        Graph = graph;
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            var node = graph.Nodes[i];
            _positions.Add(node, i);
            foreach (var input in node.Inputs.Distinct())
            {
                Users(input).Add(node);
            }

            _escaping.UnionWith(Graph.Captures(node));
        }

        _escaping.UnionWith(graph.Outputs);
    }

    public Graph Graph { get; }

    public int Position(Node node) => _positions[node];

    /// <summary>True for a node of this very graph (not of one around it).</summary>
    public bool Contains(Node? node) => node is not null && _positions.ContainsKey(node);

    /// <summary>The nodes that read a value directly, each once, in order.</summary>
    public List<Node> Users(Value value)
    {
        if (!_users.TryGetValue(value, out var users))
        {
            _users.Add(value, users = []);
        }

        return users;
    }

    /// <summary>True when a graph output or a region reads the value.</summary>
    public bool Escapes(Value value) => _escaping.Contains(value);

    /// <summary>Where a node runs at the latest: with the last member of its group.</summary>
    private int Last(Node node) => _groups.TryGetValue(node, out var group) ? group.Nodes.Max(Position) : Position(node);

    public FusionGroup? GroupOf(Node node) => _groups.GetValueOrDefault(node);

    public bool IsFree(Node? node) => node is not null && Contains(node) && !_groups.ContainsKey(node) && node.Op is not Fused;

    public void Assign(Node node, FusionGroup group) => _groups.Add(node, group);

    /// <summary>Whether any of the values is computed from a node of the group by way of nodes outside of it.</summary>
    public bool DependsOnGroup(IEnumerable<Value> values, FusionGroup group)
    {
        var first = group.Nodes.Min(Position);
        var seen = new HashSet<Node>();
        var pending = new Stack<Node>();
        void Visit(Value value)
        {
            if (Contains(value.Producer) && Last(value.Producer!) > first && seen.Add(value.Producer!))
            {
                pending.Push(value.Producer!);
            }
            else if (value.Producer is { } producer && group.Contains(producer))
            {
                seen.Add(producer);
            }
        }

        foreach (var value in values)
        {
            Visit(value);
        }

        while (pending.TryPop(out var node))
        {
            if (seen.Count > SearchLimit || group.Contains(node))
            {
                return true;
            }

            // A node of another group runs when that whole group runs: the group's inputs count.
            var members = _groups.TryGetValue(node, out var other) ? other.Nodes : [node];
            foreach (var member in members)
            {
                foreach (var input in member.Inputs.Concat(Graph.Captures(member)))
                {
                    Visit(input);
                }
            }
        }

        return seen.Any(group.Contains);
    }

    /// <summary>The graph with each group as one node, in an order in which all can run.</summary>
    public Graph Materialize(string pass, IReadOnlyCollection<FusionGroup> groups)
    {
        var fused = groups.Where(g => g.Nodes.Count + g.Copies.Count > 1).ToList();
        if (fused.Count == 0)
        {
            return Graph;
        }

        var units = new List<(int Position, Node? Node, FusionGroup? Group)>();
        var done = new HashSet<FusionGroup>();
        foreach (var node in Graph.Nodes)
        {
            var group = _groups.GetValueOrDefault(node);
            if (group is null || group.Nodes.Count + group.Copies.Count == 1)
            {
                units.Add((Position(node), node, null));
            }
            else if (done.Add(group))
            {
                units.Add((group.Nodes.Max(Position), null, group));
            }
        }

        var edit = new GraphEdit(Graph, pass);
        foreach (var (_, node, group) in FusionOrder.Sort(Graph, units))
        {
            if (node is not null)
            {
                edit.Keep(node);
            }
            else
            {
                group!.Emit(this, edit);
            }
        }

        return edit.Commit();
    }
}
