using Dlc.IR;

namespace Dlc.Passes.Simplify;

/// <summary>
/// A pass that looks at each node once, in order, and may replace its only output by another value. It sees what earlier replacements left, so
/// chains collapse in one sweep.
/// </summary>
public abstract class Rewrite : Pass
{
    public sealed override Graph Run(Graph graph, PassContext context)
    {
        var edit = new GraphEdit(graph, Name);
        var uses = NeedsUses ? graph.CountUses() : null;
        foreach (var node in graph.Nodes)
        {
            context.Current = node;
            if (node.Outputs.Length == 1 && node.Regions.IsEmpty)
            {
                var match = new Match(node, edit.Map(node.Inputs.AsSpan()), edit, uses, context);
                if (Replace(match) is { } replacement)
                {
                    edit.Replace(node.Output, replacement);
                    continue;
                }
            }

            edit.Keep(node);
        }

        return edit.Commit();
    }

    /// <summary>True for passes that ask <see cref="Match.IsOnlyUse"/>.</summary>
    protected virtual bool NeedsUses => false;

    /// <summary>The value that replaces the node's output (of the same type), or null to keep the node.</summary>
    protected abstract Value? Replace(Match match);
}
