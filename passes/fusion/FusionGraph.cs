using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>
/// What fusion asks of a graph: where a node stands in the order, who reads a value, and whether nodes may become one. Groups are marked
/// here while they form.
/// </summary>
internal sealed class FusionGraph
{
    private readonly Dictionary<Node, int> _positions = [];
    private readonly Dictionary<Value, List<Node>> _users = [];
    private readonly UnitOrder _order;
    private readonly HashSet<Value> _escaping = [];
    private readonly Dictionary<Node, FusionGroup> _groups = [];
    private WaitingCost? _waiting;
    private LateUses? _late;

    public FusionGraph(Graph graph)
    {
        Graph = graph;
        _order = new UnitOrder(graph);
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

    /// <summary>What merges cost in memory.</summary>
    public WaitingCost Waiting => _waiting ??= new WaitingCost(this);

    /// <summary>Whether what a node makes is read only long after, in the backward pass of a training step: it is better made there.</summary>
    public bool IsForLater(Node node) => !Graph.Updates.IsEmpty && (_late ??= new LateUses(Graph)) is var late && node.Outputs.All(late.IsLate);

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

    /// <summary>True when a graph output, a region or a copy in a group reads the value.</summary>
    public bool Escapes(Value value) => _escaping.Contains(value);

    public bool IsFree(Node? node) => node is not null && Contains(node) && !_groups.ContainsKey(node) && node.Op is not Fused;

    /// <summary>Starts a group with its first node.</summary>
    public void Start(FusionGroup group, Node node)
    {
        _groups.Add(node, group);
        group.Add(node);
    }

    /// <summary>Adds a node to a group, unless the group would then depend on itself by way of others.</summary>
    public bool TryAdd(FusionGroup group, Node node)
    {
        if (!_order.TryMerge(group.Nodes[0], node))
        {
            return false;
        }

        Start(group, node);
        return true;
    }

    /// <summary>Computes a node again in a group; others may read what it reads from memory.</summary>
    public void Copy(FusionGroup group, Node node)
    {
        group.AddCopy(node);
        _escaping.UnionWith(node.Inputs);
    }

    /// <summary>The graph with each group as one node, in an order in which all can run.</summary>
    public Graph Materialize(string pass)
    {
        var edit = new GraphEdit(Graph, pass);
        foreach (var unit in _order.Units)
        {
            if (unit.Count + (_groups.GetValueOrDefault(unit[0])?.Copies.Count ?? 0) == 1)
            {
                edit.Keep(unit[0]);
            }
            else
            {
                _groups[unit[0]].Emit(this, edit);
            }
        }

        return edit.Commit();
    }
}
