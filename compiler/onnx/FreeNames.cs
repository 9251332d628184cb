using Dlc.Compiler.Onnx.Proto;
using AttributeType = Dlc.Compiler.Onnx.Proto.AttributeProto.Types.AttributeType;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// The names that a subgraph reads from the graphs around it. Nesting is as deep as the file's, which the protobuf reader bounds.
/// </summary>
internal sealed class FreeNames
{
    private readonly Dictionary<GraphProto, IReadOnlyCollection<string>> _known = new(ReferenceEqualityComparer.Instance);

    /// <summary>The graphs in a node's attributes.</summary>
    public static IEnumerable<GraphProto> Subgraphs(NodeProto node)
    {
        foreach (var attribute in node.Attribute)
        {
            if (attribute.G is not null)
            {
                yield return attribute.G;
            }

            if (attribute.Type == AttributeType.Graphs)
            {
                foreach (var graph in attribute.Graphs)
                {
                    yield return graph;
                }
            }
        }
    }

    /// <summary>All that a node reads: its inputs and what its subgraphs capture.</summary>
    public IEnumerable<string> Reads(NodeProto node) =>
        node.Input.Where(name => name.Length > 0).Concat(Subgraphs(node).SelectMany(Of));

    public IReadOnlyCollection<string> Of(GraphProto graph)
    {
        if (_known.TryGetValue(graph, out var known))
        {
            return known;
        }

        var defined = new HashSet<string>(StringComparer.Ordinal);
        defined.UnionWith(graph.Input.Select(i => i.Name));
        defined.UnionWith(graph.Initializer.Select(i => i.Name));
        defined.UnionWith(graph.SparseInitializer.Select(i => i.Values?.Name ?? string.Empty));
        defined.UnionWith(graph.Node.SelectMany(n => n.Output));
        var free = new SortedSet<string>(StringComparer.Ordinal);
        free.UnionWith(graph.Node.SelectMany(Reads).Where(name => !defined.Contains(name)));
        free.UnionWith(graph.Output.Select(o => o.Name).Where(name => !defined.Contains(name)));
        _known.Add(graph, free);
        return free;
    }
}
