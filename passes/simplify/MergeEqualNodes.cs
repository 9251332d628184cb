using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Simplify;

/// <summary>
/// Computes equal operations on equal inputs once (common subexpressions). A region takes over what the graphs around it computed before.
/// </summary>
public sealed class MergeEqualNodes : Pass
{
    public override string Name => "merge-equal-nodes";

    public override bool HandlesRegions => true;

    public override Graph Run(Graph graph, PassContext context) => Merge(graph, context, null, null);

    private Graph Merge(Graph graph, PassContext context, GraphEdit? outerEdit, Scope? outer)
    {
        var edit = new GraphEdit(graph, Name, outerEdit);
        var scope = new Scope(outer);
        foreach (var node in graph.Nodes)
        {
            context.Current = node;
            if (!node.Regions.IsEmpty)
            {
                ImmutableArray<Graph> regions = [.. node.Regions.Select(r => Merge(r, context, edit, scope))];
                edit.Keep(node, regions);
                continue;
            }

            if (!node.Op.IsPure)
            {
                edit.Keep(node);
                continue;
            }

            var key = new Key(node.Op, new ValueList<Value>([.. edit.Map(node.Inputs.AsSpan())]));
            if (scope.Find(key) is { } known)
            {
                for (var i = 0; i < node.Outputs.Length; i++)
                {
                    edit.Replace(node.Outputs[i], known.Outputs[i]);
                }
            }
            else
            {
                scope.Add(key, edit.Keep(node));
            }
        }

        return edit.Commit();
    }

    /// <summary>What decides whether two nodes compute the same.</summary>
    private sealed record Key(Op Op, ValueList<Value> Inputs);

    /// <summary>The nodes that a graph may take values of: its own so far and those before it in the graphs around.</summary>
    private sealed class Scope(Scope? outer)
    {
        private readonly Dictionary<Key, Node> _nodes = [];

        public void Add(Key key, Node node) => _nodes.Add(key, node);

        public Node? Find(Key key)
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope._nodes.TryGetValue(key, out var node))
                {
                    return node;
                }
            }

            return null;
        }

        private Scope? Outer => outer;
    }
}
