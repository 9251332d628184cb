using System.Collections.Immutable;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;

namespace Dlc.IR;

/// <summary>
/// A transaction that rebuilds a graph with changes: walk the source's nodes in order and keep, replace or drop each, then
/// <see cref="Commit"/>. A replacement must have the type of what it replaces. The reason names the pass in errors.
/// </summary>
public sealed class GraphEdit
{
    private readonly Graph _source;
    private readonly GraphBuilder _builder;
    private readonly Dictionary<Value, Value> _map = [];
    private readonly GraphEdit? _outer;
    private bool _changed;

    /// <summary>An edit of a top graph, or (with <paramref name="outer"/>) of a region that sees the replacements of the edit around it.</summary>
    public GraphEdit(Graph source, string reason, GraphEdit? outer = null)
    {
        _source = source;
        Reason = reason;
        _builder = new GraphBuilder(source.Module, source.Facts);
        _outer = outer;
        foreach (var input in source.Inputs)
        {
            _builder.AddInput(input);
        }
    }

    public string Reason { get; }

    public Module Module => _source.Module;

    /// <summary>What may be relied on in this graph.</summary>
    public Symbolic.Facts Facts => _source.Facts;

    /// <summary>Where nodes of the new graph go, for writers of several at once.</summary>
    public GraphBuilder Builder => _builder;

    /// <summary>The nodes of the new graph so far.</summary>
    public IReadOnlyList<Node> Nodes => _builder.Nodes;

    /// <summary>The value that stands for a value of the source now.</summary>
    public Value Map(Value value)
    {
        for (var edit = this; edit is not null; edit = edit._outer)
        {
            if (edit._map.TryGetValue(value, out var mapped))
            {
                return mapped;
            }
        }

        return value;
    }

    public Value[] Map(ReadOnlySpan<Value> values)
    {
        var mapped = new Value[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            mapped[i] = Map(values[i]);
        }

        return mapped;
    }

    /// <summary>
    /// Keeps a node, with its inputs and captured values mapped. The same object stays when nothing it reads changed.
    /// <paramref name="regions"/> replaces its regions (already mapped).
    /// </summary>
    public Node Keep(Node node, ImmutableArray<Graph>? regions = null)
    {
        var inputs = Map(node.Inputs.AsSpan());
        var newRegions = regions ?? MapRegions(node);
        if (inputs.AsSpan().SequenceEqual(node.Inputs.AsSpan()) && newRegions.AsSpan().SequenceEqual(node.Regions.AsSpan()))
        {
            return _builder.Append(node);
        }

        var names = node.Outputs.Select(o => o.Name).ToArray();
        var copy = _builder.AddNode(node.Op, inputs, newRegions.AsSpan(), node.Origins.AsSpan(), names);
        for (var i = 0; i < names.Length; i++)
        {
            Replace(node.Outputs[i], copy.Outputs[i]);
        }

        return copy;
    }

    /// <summary>Adds a node with one output. Inputs are values of the new graph (see <see cref="Map(Value)"/>).</summary>
    public Value Add(Op op, ReadOnlySpan<Value> inputs, ReadOnlySpan<string> origins, string? name = null) =>
        AddNode(op, inputs, [], origins, name is null ? default : [name]).Output;

    public Node AddNode(Op op, ReadOnlySpan<Value> inputs, ReadOnlySpan<Graph> regions, ReadOnlySpan<string> origins,
        ReadOnlySpan<string?> names = default)
    {
        _changed = true;
        return _builder.AddNode(op, inputs, regions, origins, names);
    }

    /// <summary>From here on <paramref name="replacement"/> is read where the source reads <paramref name="old"/>.</summary>
    public void Replace(Value old, Value replacement)
    {
        _changed = true;
        var (a, b) = (old.Type, replacement.Type);
        var same = a.Element == b.Element && a.Rank == b.Rank;
        for (var i = 0; same && i < a.Rank; i++)
        {
            same = ReferenceEquals(a.Shape[i], b.Shape[i])
                || Facts.ProveEqual(a.Shape[i], b.Shape[i]) == Symbolic.Proof.True;
        }

        if (!same)
        {
            throw new InternalCompilerException(Reason, old.Producer, $"replaces {old} by {replacement}, which has another type");
        }

        if (old.Name is { } name)
        {
            // Whoever looks for a tensor of the model finds what became of it.
            GraphBuilder.Name(replacement, name);
        }

        _map[old] = replacement;
    }

    /// <summary>The new graph; the source itself when nothing changed.</summary>
    public Graph Commit()
    {
        var outputs = Map(_source.Outputs.AsSpan());
        var unchanged = !_changed && _builder.Nodes.Count == _source.Nodes.Length && outputs.AsSpan().SequenceEqual(_source.Outputs.AsSpan())
            && _builder.Nodes.SequenceEqual(_source.Nodes);
        return unchanged ? _source : _builder.Build(outputs).WithUpdates(_source.Updates);
    }

    /// <summary>The regions of a node of the source, reading what stands for the values they captured.</summary>
    public ImmutableArray<Graph> MapRegions(Node node)
    {
        if (node.Regions.IsEmpty || !Graph.Captures(node).Any(v => !ReferenceEquals(Map(v), v)))
        {
            return node.Regions;
        }

        return [.. node.Regions.Select(region =>
        {
            var edit = new GraphEdit(region, Reason, this);
            foreach (var inner in region.Nodes)
            {
                edit.Keep(inner);
            }

            return edit.Commit();
        })];
    }
}
