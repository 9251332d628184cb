using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// Prepares a graph for the way back: each loop through which gradients will flow also gives its carried tensors as every iteration found them, and operators
/// that have no derivative but can be written as others that do are written so (<see cref="Op.Decompose"/>).
/// </summary>
internal static class KeepTapes
{
    /// <summary>The prepared graph, with outputs in the same places; the graph itself where there is no such loop.</summary>
    /// <param name="graph">A graph or the copy of a region.</param>
    /// <param name="targets">The values whose gradients are wanted.</param>
    /// <param name="shared">Learns of the loops that were extended.</param>
    public static Graph Run(Graph graph, IReadOnlyCollection<Value> targets, Differentiation shared) =>
        Extend(Decompose(graph, targets), targets, shared);

    private static Graph Decompose(Graph graph, IReadOnlyCollection<Value> targets)
    {
        var activity = Activity.Of(graph.Nodes, targets);
        var edit = new GraphEdit(graph, Differentiate.PassName);
        foreach (var node in graph.Nodes)
        {
            if (node.Inputs.Any(activity.Contains)
                && node.Op.Decompose(new OpWriter(edit.Builder, node.Origins), edit.Map(node.Inputs.AsSpan())) is { } results)
            {
                for (var i = 0; i < results.Length; i++)
                {
                    edit.Replace(node.Outputs[i], results[i]);
                }
            }
            else
            {
                edit.Keep(node);
            }
        }

        return edit.Commit();
    }

    private static Graph Extend(Graph graph, IReadOnlyCollection<Value> targets, Differentiation shared)
    {
        var activity = Activity.Of(graph.Nodes, targets);
        var live = new HashSet<Value>(graph.Outputs);
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            if (node.Outputs.Any(live.Contains))
            {
                live.UnionWith(node.Inputs);
                live.UnionWith(Graph.Captures(node));
            }
        }

        var edit = new GraphEdit(graph, Differentiate.PassName);
        foreach (var node in graph.Nodes)
        {
            if (node.Op is Loop loop && node.Outputs.Any(o => live.Contains(o) && activity.Contains(o)) && !loop.ChangingDims(node).Any())
            {
                Extend(edit, node, loop, shared);
            }
            else
            {
                edit.Keep(node);
            }
        }

        return edit.Commit();
    }

    private static void Extend(GraphEdit edit, Node node, Loop loop, Differentiation shared)
    {
        var body = edit.MapRegions(node)[0];
        var builder = new GraphBuilder(edit.Module, body.Facts);
        foreach (var input in body.Inputs)
        {
            builder.AddInput(input);
        }

        foreach (var inner in body.Nodes)
        {
            builder.Append(inner);
        }

        var carried = body.Inputs.Skip(1).ToArray();
        var extended = loop with { Shapes = [.. loop.Shapes, .. carried.Select(v => v.Type.Shape)] };
        var names = node.Outputs.Select(o => o.Name).ToArray();
        var made = edit.AddNode(extended, edit.Map(node.Inputs.AsSpan()), [builder.Build([.. body.Outputs.Take(loop.Shapes.Count), .. carried, .. body.Outputs.Skip(loop.Shapes.Count)])], node.Origins.AsSpan(), names);
        for (var i = 0; i < node.Outputs.Length; i++)
        {
            edit.Replace(node.Outputs[i], made.Outputs[i]);
        }

        shared.Tapes[made] = node.Outputs.Length;
    }
}
