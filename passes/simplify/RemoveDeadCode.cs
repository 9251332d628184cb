using Dlc.IR;

namespace Dlc.Passes.Simplify;

/// <summary>Drops nodes whose results nobody reads. Nodes that must stay (<c>BindDim</c>) stay, and what they read.</summary>
public sealed class RemoveDeadCode : Pass
{
    public override string Name => "remove-dead-code";

    public override Graph Run(Graph graph, PassContext context)
    {
        var live = new HashSet<Value>(graph.Outputs);
        var kept = new bool[graph.Nodes.Length];
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            if (!node.Op.IsPure || node.Outputs.Any(live.Contains))
            {
                kept[i] = true;
                live.UnionWith(node.Inputs);
                if (!node.Regions.IsEmpty)
                {
                    live.UnionWith(Graph.Captures(node));
                }
            }
        }

        var edit = new GraphEdit(graph, Name);
        for (var i = 0; i < kept.Length; i++)
        {
            if (kept[i])
            {
                edit.Keep(graph.Nodes[i]);
            }
        }

        return edit.Commit();
    }
}
