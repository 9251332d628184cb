using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>Nodes that will become one kernel. <see cref="Copies"/> are cheap views that stay for other readers too.</summary>
internal sealed class FusionGroup(FusionKind kind)
{
    private readonly HashSet<Node> _members = [];

    public FusionKind Kind { get; } = kind;

    /// <summary>Members that only this group computes.</summary>
    public List<Node> Nodes { get; } = [];

    /// <summary>Members that are computed again here although others read them from memory.</summary>
    public List<Node> Copies { get; } = [];

    public int Count => Nodes.Count + Copies.Count;

    public bool Contains(Node node) => _members.Contains(node);

    public void Add(Node node)
    {
        _members.Add(node);
        Nodes.Add(node);
    }

    public void AddCopy(Node node)
    {
        _members.Add(node);
        Copies.Add(node);
    }

    /// <summary>Values made outside that members read, in order of first use.</summary>
    public List<Value> ExternalInputs()
    {
        var inputs = new List<Value>();
        foreach (var value in Nodes.Concat(Copies).SelectMany(n => n.Inputs))
        {
            if ((value.Producer is null || !_members.Contains(value.Producer)) && !IsScalarConstant(value) && !inputs.Contains(value))
            {
                inputs.Add(value);
            }
        }

        return inputs;
    }

    /// <summary>A constant of one element: it becomes a literal of the kernel.</summary>
    private static bool IsScalarConstant(Value value) => value.Producer?.Op is Constant { Tensor.Count: 1 };

    /// <summary>Values of <see cref="Nodes"/> that somebody outside reads.</summary>
    public List<Value> Exits(FusionGraph graph) => [.. Nodes.OrderBy(graph.Position).SelectMany(n => n.Outputs)
        .Where(v => graph.Escapes(v) || graph.Users(v).Any(u => !_members.Contains(u)))];

    /// <summary>Writes the group as one <see cref="Fused"/> node and maps its exits to the node's outputs; dead work is dropped.</summary>
    public void Emit(FusionGraph graph, GraphEdit edit)
    {
        if (Exits(graph).Count == 0)
        {
            return;
        }

        var inputs = ExternalInputs();
        var body = new GraphBuilder(edit.Module, edit.Facts);
        var map = new Dictionary<Value, Value>();
        var types = edit.Map([.. inputs]);
        for (var i = 0; i < inputs.Count; i++)
        {
            map.Add(inputs[i], body.Input(types[i].Type, inputs[i].Name));
        }

        foreach (var scalar in Nodes.Concat(Copies).SelectMany(n => n.Inputs).Where(IsScalarConstant).Distinct())
        {
            map.Add(scalar, body.Add(scalar.Producer!.Op, []));
        }

        foreach (var node in Nodes.Concat(Copies).OrderBy(graph.Position))
        {
            var copy = body.AddNode(node.Op, [.. node.Inputs.Select(v => map[v])], node.Regions.AsSpan(), node.Origins.AsSpan(),
                [.. node.Outputs.Select(o => o.Name)]);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                map.Add(node.Outputs[i], copy.Outputs[i]);
            }
        }

        var exits = Exits(graph);
        var region = body.Build([.. exits.Select(v => map[v])]);
        var origins = Nodes.OrderBy(graph.Position).SelectMany(n => n.Origins).Distinct().ToArray();
        var fused = edit.AddNode(new Fused(Kind), types, [region], origins, [.. exits.Select(v => v.Name)]);
        for (var i = 0; i < exits.Count; i++)
        {
            edit.Replace(exits[i], fused.Outputs[i]);
        }
    }
}
