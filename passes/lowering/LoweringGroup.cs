using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Lowering;

/// <summary>
/// The nodes of one kernel with the values they read and give: a fused region, or a single node. <see cref="Inputs"/> and
/// <see cref="Outputs"/> are values as the nodes see them; the outer ones stand at the same positions.
/// </summary>
internal sealed class LoweringGroup
{
    private readonly HashSet<Node> _members;

    private LoweringGroup(Node node, FusionKind kind, ImmutableArray<Node> nodes, ImmutableArray<Value> inputs, ImmutableArray<Value> outputs)
    {
        Node = node;
        Kind = kind;
        Nodes = nodes;
        Inputs = inputs;
        Outputs = outputs;
        _members = [.. nodes];
    }

    /// <summary>The node of the graph being lowered.</summary>
    public Node Node { get; }

    public FusionKind Kind { get; }

    /// <summary>In an order in which they can run.</summary>
    public ImmutableArray<Node> Nodes { get; }

    public ImmutableArray<Value> Inputs { get; }

    public ImmutableArray<Value> Outputs { get; }

    /// <summary>The matrix product or convolution of a template group.</summary>
    public Node Root => Nodes.First(n => n.Op is MatMul or Conv);

    public static LoweringGroup Of(Node node)
    {
        if (node.Op is Fused fused)
        {
            var region = node.Regions[0];
            return new LoweringGroup(node, fused.Kind, region.Nodes, region.Inputs, region.Outputs);
        }

        var kind = node.Op switch
        {
            MatMul => FusionKind.MatMul,
            Conv => FusionKind.Conv,
            Reduce => Fusion.FusionRules.IsRowReduction(node) ? FusionKind.Row : FusionKind.Loop,
            _ => FusionKind.Loop,
        };
        return new LoweringGroup(node, kind, [node], node.Inputs, node.Outputs);
    }

    public bool Contains(Value value) => value.Producer is { } producer && _members.Contains(producer);

    /// <summary>The value of the surrounding graph that an input stands for.</summary>
    public Value Outer(Value input) => Node.Inputs[Inputs.IndexOf(input)];

    /// <summary>A readable kernel name: the operators in order.</summary>
    public string KernelName()
    {
        var names = Nodes.Where(n => n.Op is not (Constant or Reshape or Broadcast)).Select(n => n.Op.Name.ToLowerInvariant()).ToList();
        return names.Count <= 6 ? string.Join('_', names) : $"{string.Join('_', names.Take(5))}_and_{names.Count - 5}_more";
    }
}
