using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>
/// How long values wait, told by the products (matrix products, convolutions, branches, loops) that must run in between: what the backward pass of a
/// training step reads of the forward pass waits for many of them.
/// </summary>
internal sealed class LateUses
{
    /// <summary>A use is late where a product lies between it and the value's own, at least.</summary>
    private const int Late = 2;

    private readonly Dictionary<Node, int> _stages = [];
    private readonly Dictionary<Value, List<Node>> _users = [];
    private readonly Dictionary<Value, int> _first = [];
    private readonly Dictionary<Value, int> _last = [];

    public LateUses(Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            var stage = IsProduct(node) ? 1 : 0;
            var before = 0;
            foreach (var value in node.Inputs.Concat(Graph.Captures(node)))
            {
                before = Math.Max(before, StageOf(value));
                if (!_users.TryGetValue(value, out var users))
                {
                    _users.Add(value, users = []);
                }

                if (users.Count == 0 || !ReferenceEquals(users[^1], node))
                {
                    users.Add(node);
                }
            }

            _stages.Add(node, before + stage);
        }

        var outputs = graph.Outputs.ToHashSet();
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            foreach (var value in graph.Nodes[i].Outputs)
            {
                var own = _stages[graph.Nodes[i]];

                // Fusion leaves dead nodes behind, whose views it has copied: nobody waits for them.
                _first[value] = outputs.Contains(value) ? own : Users(value).Select(u => UseOf(value, u).First).DefaultIfEmpty(int.MaxValue).Min();
                _last[value] = Users(value).Select(u => UseOf(value, u).Last).DefaultIfEmpty(own).Max();
            }
        }
    }

    /// <summary>The nodes that read a value.</summary>
    public IReadOnlyList<Node> Users(Value value) => _users.TryGetValue(value, out var users) ? users : [];

    /// <summary>The stage of the last product that waits for a value, itself or what is made of it by cheap work.</summary>
    public int LastUse(Value value) => _last.GetValueOrDefault(value);

    /// <summary>Whether nobody needs the value soon.</summary>
    public bool IsLate(Value value) => _first.TryGetValue(value, out var first) && first >= StageOf(value) + Late;

    /// <summary>Whether a reader of the value needs it late.</summary>
    public bool IsLateUse(Value value, Node user) => UseOf(value, user).First >= StageOf(value) + Late;

    private (int First, int Last) UseOf(Value value, Node user)
    {
        var stage = _stages[user];
        return stage > StageOf(value) || user.Outputs.Length == 0
            ? (stage, stage) : (user.Outputs.Min(o => _first[o]), user.Outputs.Max(o => _last[o]));
    }

    private int StageOf(Value value) => value.Producer is { } producer && _stages.TryGetValue(producer, out var stage) ? stage : 0;

    private static bool IsProduct(Node node) =>
        node.Op is MatMul or Conv or Fused { Kind: FusionKind.MatMul or FusionKind.Conv } || node.Op.IsHeavy || (node.Op is not Fused && !node.Regions.IsEmpty);
}
