using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>
/// What decides in which orders the nodes of a graph can run. A node comes after the producers of what it and its regions read. It also comes after
/// each node before it in the graph that binds dims: it may mention those dims, and rely on what the guards that are checked with them made sure of.
/// Branches, loops and nodes that bind dims keep their order among each other, in which the runtime numbers the points where sizes become known.
/// And the node that makes the next content of state comes after those that read the old one before it, also through views.
/// </summary>
public static class NodeOrder
{
    /// <summary>The symbols that get their values when the node runs; nodes after it must stay there.</summary>
    public static IEnumerable<Dim> BoundDims(Node node) => node.Op switch
    {
        BindDim bind => [bind.Symbol],
        Loop loop => loop.BoundDims(node),
        If branch => branch.BoundDims(node).Select(b => b.Symbol),
        _ => [],
    };

    /// <summary>
    /// For each node, the indices of the nodes of the same graph that come before it in every order: ascending, without repetition. Of the nodes
    /// that bind dims only the last one is named, as it comes after the ones before it.
    /// </summary>
    public static int[][] Predecessors(Graph graph)
    {
        var indexOf = new Dictionary<Node, int>(graph.Nodes.Length);
        var predecessors = new int[graph.Nodes.Length][];
        var found = new SortedSet<int>();
        var (barrier, control) = (-1, -1);
        for (var i = 0; i < predecessors.Length; i++)
        {
            var node = graph.Nodes[i];
            found.Clear();
            foreach (var value in node.Inputs)
            {
                Add(value);
            }

            foreach (var value in Graph.Captures(node))
            {
                Add(value);
            }

            if (barrier >= 0)
            {
                found.Add(barrier);
            }

            var isControl = node.Op is BindDim || !node.Regions.IsEmpty && node.Op is not Fused;
            if (isControl && control >= 0)
            {
                found.Add(control);
            }

            predecessors[i] = [.. found];
            indexOf.Add(node, i);
            if (BoundDims(node).Any())
            {
                barrier = i;
            }

            control = isControl ? i : control;
        }

        AddReadersOfState(graph, indexOf, predecessors);
        return predecessors;

        void Add(Value value)
        {
            if (value.Producer is { } producer && indexOf.TryGetValue(producer, out var index))
            {
                found.Add(index);
            }
        }
    }

    /// <summary>What reads state before it gets its next content goes on doing so.</summary>
    private static void AddReadersOfState(Graph graph, Dictionary<Node, int> indexOf, int[][] predecessors)
    {
        if (graph.Updates.IsEmpty)
        {
            return;
        }

        // A view of state has the list of the state itself.
        var readers = new Dictionary<Value, List<int>>();
        foreach (var update in graph.Updates)
        {
            readers[graph.Inputs[update.Input]] = [];
        }

        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            foreach (var value in graph.Nodes[i].Inputs.Concat(Graph.Captures(graph.Nodes[i])))
            {
                if (readers.TryGetValue(value, out var list))
                {
                    list.Add(i);
                    if (graph.Nodes[i].Op is Reshape or Slice)
                    {
                        readers[graph.Nodes[i].Output] = list;
                    }
                }
            }
        }

        foreach (var update in graph.Updates)
        {
            if (graph.Outputs[update.Output].Producer is { } writer && indexOf.TryGetValue(writer, out var at))
            {
                predecessors[at] = [.. predecessors[at].Concat(readers[graph.Inputs[update.Input]].Where(r => r < at)).Distinct().Order()];
            }
        }
    }

    /// <summary>The first node of an order that comes before one of its predecessors; null if there is none.</summary>
    public static int? FirstMisplaced(int[][] predecessors, ReadOnlySpan<int> order)
    {
        var isDone = new bool[predecessors.Length];
        foreach (var index in order)
        {
            foreach (var before in predecessors[index])
            {
                if (!isDone[before])
                {
                    return index;
                }
            }

            isDone[index] = true;
        }

        return null;
    }
}
