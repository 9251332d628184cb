using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Memory;

/// <summary>
/// Which operands of concatenations are made right where the concatenation wants them. A part lies in one piece when no axis before the joined one has more
/// than one index: then anybody may read it. Otherwise its kernel writes with gaps, which only kernels of the lowering's own schedules do, and only
/// where nobody else reads the part.
/// </summary>
internal sealed class ConcatPlacement
{
    /// <summary>
    /// The whole result takes memory from the first part on. Parts made long before would keep it for long, which costs more than the copy saves.
    /// </summary>
    private const int Window = 24;

    private readonly Graph _graph;
    private readonly Dictionary<Value, int> _uses;
    private readonly Dictionary<Node, int> _position = [];

    public ConcatPlacement(Graph graph)
    {
        _graph = graph;
        _uses = graph.CountUses();
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            _position.Add(graph.Nodes[i], i);
        }

        foreach (var node in graph.Nodes)
        {
            if (node.Op is Concat concat)
            {
                Place(node, concat);
            }
        }
    }

    /// <summary>Each placed part with the result that it lies in, and its offset in bytes; null where it lies there with gaps.</summary>
    public List<(Value Part, Value Whole, Dim? Offset)> Parts { get; } = [];

    private void Place(Node node, Concat concat)
    {
        var (whole, dims) = (node.Output, _graph.Module.Dims);
        var isPlain = whole.Type.Shape.Dims[..concat.Axis].All(d => _graph.Facts.ProveEqual(d, 1) == Proof.True);
        var inner = new Shape(whole.Type.Shape.Dims[(concat.Axis + 1)..]).ElementCount(dims) * whole.Type.Element.Bytes();
        var start = dims.Zero;
        foreach (var part in node.Inputs)
        {
            if (MayLieInside(part, node, isPlain))
            {
                Parts.Add((part, whole, isPlain ? start * inner : null));
            }

            start += part.Type.Shape[concat.Axis];
        }
    }

    private bool MayLieInside(Value part, Node concat, bool isPlain)
    {
        if (part.Producer is not { } producer || !_position.TryGetValue(producer, out var position) || _graph.Outputs.Contains(part)
            || _position[concat] - position > Window || concat.Inputs.Count(v => ReferenceEquals(v, part)) != 1
            || Parts.Any(p => ReferenceEquals(p.Part, part)))
        {
            return false;
        }

        // A concatenation inside another keeps its own memory: its parts may have gaps of their own.
        return producer.Op switch
        {
            Constant or Reshape or Slice or Concat or If or Loop or BindDim => false,
            Fused or MatMul or Conv or Reduce or IIndexFunction => isPlain || _uses[part] == 1,
            _ => isPlain,
        };
    }
}
