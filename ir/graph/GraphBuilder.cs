using System.Collections.Immutable;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>Appends nodes to a new graph; types come from <see cref="Op.Infer"/>.</summary>
/// <param name="module">The module of the graph.</param>
/// <param name="facts">What the graph's operators may rely on and add to (see <see cref="Graph.Facts"/>); the module's facts if null.</param>
public sealed class GraphBuilder(Module module, Facts? facts = null)
{
    private readonly List<Value> _inputs = [];
    private readonly List<Node> _nodes = [];

    public Module Module { get; } = module;

    public DimContext Dims => Module.Dims;

    public Facts Facts { get; } = facts ?? module.Facts;

    /// <summary>The nodes so far.</summary>
    public IReadOnlyList<Node> Nodes => _nodes;

    public Value Input(TensorType type, string? name = null)
    {
        var value = Module.NewInput(type, name);
        _inputs.Add(value);
        return value;
    }

    /// <summary>Takes over an input value as it is (for rewriting a graph whose inputs stay).</summary>
    public void AddInput(Value value) => _inputs.Add(value);

    /// <summary>Applies an operator with one output.</summary>
    public Value Add(Op op, ReadOnlySpan<Value> inputs, ReadOnlySpan<string> origins = default, string? name = null) =>
        AddNode(op, inputs, [], origins, name is null ? default : [name]).Output;

    /// <summary>
    /// Applies an operator: infers its output types and appends the node. <paramref name="names"/> are ONNX names of the outputs.
    /// Throws <see cref="DlcException"/> when the inputs do not fit.
    /// </summary>
    public Node AddNode(Op op, ReadOnlySpan<Value> inputs, ReadOnlySpan<Graph> regions = default, ReadOnlySpan<string> origins = default,
        ReadOnlySpan<string?> names = default)
    {
        var context = new InferContext(Module, Facts, op, [.. inputs], [.. regions], [.. origins]);
        op.Infer(context);
        var outputs = ImmutableArray.CreateBuilder<Value>(context.Outputs.Count);
        for (var i = 0; i < context.Outputs.Count; i++)
        {
            outputs.Add(Module.NewValue(context.Outputs[i], i < names.Length ? names[i] : null));
        }

        return Append(new Node(Module.NewNodeId(), op, [.. inputs], outputs.MoveToImmutable(), [.. regions], [.. origins]));
    }

    /// <summary>Gives a value that a node made its ONNX name, where it has none yet.</summary>
    public static void Name(Value value, string name)
    {
        if (value.Producer is not null)
        {
            value.Name ??= name;
        }
    }

    /// <summary>Appends a node that exists already, outputs and all.</summary>
    public Node Append(Node node)
    {
        _nodes.Add(node);
        return node;
    }

    public Graph Build(ReadOnlySpan<Value> outputs) => new(Module, Facts, [.. _inputs], [.. _nodes], [.. outputs]);
}
