using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Memory;

/// <summary>
/// What of a fused graph takes memory: which values have memory of their own, which are views of others, which may be written over an input that dies, and
/// what a node needs only while it runs. Said here once; the scheduler, the cost of fusion, the lowering and the formula of the peak all ask it. It
/// holds for any order of the nodes. All sizes are bytes, without the padding between buffers.
/// </summary>
public sealed class MemoryModel
{
    private readonly Graph _graph;
    private readonly MachineModel? _machine;
    private readonly Dictionary<Value, (Value Root, Dim? Offset)> _views = [];
    private readonly HashSet<Value> _own = [];
    private readonly HashSet<Value> _outputs = [];
    private readonly Dictionary<Node, (InPlacePair[] Pairs, Dim? Transient)> _nodes = [];

    /// <summary>Looks at a graph, whose nodes are those that will be lowered.</summary>
    /// <param name="graph">A main graph or a region.</param>
    /// <param name="machine">The processor, for what operators need while they run; without it that counts as nothing.</param>
    public MemoryModel(Graph graph, MachineModel? machine = null)
    {
        _graph = graph;
        _machine = machine;
        var concats = new ConcatPlacement(graph);
        foreach (var node in graph.Nodes)
        {
            _own.UnionWith(node.Outputs);
            if (ViewRules.OffsetOf(node, graph.Facts) is { } offset)
            {
                _views[node.Output] = (node.Inputs[0], offset);
            }
        }

        foreach (var (part, whole, offset) in concats.Parts)
        {
            _views[part] = (whole, offset);
        }

        // What regions give is copied to where the step around wants it.
        if (ReferenceEquals(graph.Module.Main, graph))
        {
            foreach (var output in graph.Outputs)
            {
                _outputs.Add(RootOf(output));
            }
        }
    }

    public Graph Graph => _graph;

    /// <summary>Whose memory a value is in.</summary>
    public ValuePlace PlaceOf(Value value) =>
        _views.ContainsKey(value) ? ValuePlace.View
        : value.Producer?.Op is Constant ? ValuePlace.Constant
        : !_own.Contains(value) ? ValuePlace.Given
        : _outputs.Contains(value) ? ValuePlace.Output : ValuePlace.Arena;

    /// <summary>The value whose memory a value is in: itself, or what it views.</summary>
    public Value RootOf(Value value) => Resolve(value).Root;

    /// <summary>
    /// Where in the memory of its <see cref="RootOf"/> a value begins, in bytes; null where its elements do not lie next to each other (a part of a
    /// concatenation along an inner axis, which only its producer and the concatenation touch).
    /// </summary>
    public Dim? OffsetOf(Value value) => Resolve(value).Offset;

    /// <summary>Whether a value has memory of its own in the arena.</summary>
    public bool IsBuffer(Value value) => PlaceOf(value) == ValuePlace.Arena;

    /// <summary>Bytes of the elements of a value.</summary>
    public Dim BytesOf(Value value) => BytesOf(value.Type);

    /// <summary>Bytes of the elements of a type.</summary>
    public Dim BytesOf(TensorType type) => type.Shape.ElementCount(_graph.Module.Dims) * type.Element.Bytes();

    /// <summary>
    /// Which outputs may take over the memory of which inputs' roots. An output appears at most once for each input, and it is its own root; the input
    /// covers its root.
    /// </summary>
    public IReadOnlyList<InPlacePair> InPlace(Node node)
    {
        var known = _nodes.GetValueOrDefault(node);
        if (known.Pairs is null)
        {
            known.Pairs = FindInPlace(node);
            _nodes[node] = known;
        }

        return known.Pairs;
    }

    /// <summary>Bytes that a node needs in the arena while it runs, besides its inputs and outputs; scratch of its threads is not counted.</summary>
    public Dim TransientBytes(Node node)
    {
        var known = _nodes.GetValueOrDefault(node);
        if (known.Transient is null)
        {
            known.Transient = TransientRules.Bytes(node, _graph, _machine);
            _nodes[node] = known;
        }

        return known.Transient;
    }

    /// <summary>Whether a value begins where its root begins and has as many bytes.</summary>
    public bool CoversRoot(Value value)
    {
        var (root, offset) = Resolve(value);
        return ReferenceEquals(root, value)
            || (offset is not null && offset.Is(0) && _graph.Facts.ProveEqual(BytesOf(value), BytesOf(root)) == Proof.True);
    }

    private (Value Root, Dim? Offset) Resolve(Value value)
    {
        Dim? offset = _graph.Module.Dims.Zero;
        while (_views.TryGetValue(value, out var view))
        {
            offset = offset is null || view.Offset is null ? null : offset + view.Offset;
            value = view.Root;
        }

        return (value, offset);
    }

    private InPlacePair[] FindInPlace(Node node)
    {
        var pairs = new List<InPlacePair>();
        for (var o = 0; o < node.Outputs.Length; o++)
        {
            var output = node.Outputs[o];
            if (PlaceOf(output) is not (ValuePlace.Arena or ValuePlace.Output))
            {
                continue;
            }

            for (var i = 0; i < node.Inputs.Length; i++)
            {
                var input = node.Inputs[i];
                var root = RootOf(input);
                if (PlaceOf(root) is ValuePlace.Arena or ValuePlace.Given
                    && CoversRoot(input)
                    && InPlaceRules.Allows(node, i, o, _graph.Facts)
                    && AllOfRoot(node, root, o))
                {
                    pairs.Add(new InPlacePair(i, o));
                }
            }
        }

        return [.. pairs];
    }

    /// <summary>Every input of a node that shows a root is read only where the output is written.</summary>
    private bool AllOfRoot(Node node, Value root, int output)
    {
        for (var i = 0; i < node.Inputs.Length; i++)
        {
            if (ReferenceEquals(RootOf(node.Inputs[i]), root)
                && !(CoversRoot(node.Inputs[i]) && InPlaceRules.Allows(node, i, output, _graph.Facts)))
            {
                return false;
            }
        }

        return true;
    }
}
