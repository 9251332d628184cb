using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>Sorts nodes and groups so that each comes after what it needs, otherwise by position.</summary>
internal static class FusionOrder
{
    public static List<(int Position, Node? Node, FusionGroup? Group)> Sort(Graph graph, List<(int Position, Node? Node, FusionGroup? Group)> units)
    {
        var unitOf = new Dictionary<Node, int>();
        for (var u = 0; u < units.Count; u++)
        {
            foreach (var node in Members(units[u]))
            {
                unitOf[node] = u;
            }
        }

        var waiting = new int[units.Count];
        var followers = new List<int>[units.Count];
        for (var u = 0; u < units.Count; u++)
        {
            followers[u] = [];
        }

        void After(int before, int u)
        {
            if (before != u)
            {
                followers[before].Add(u);
                waiting[u]++;
            }
        }

        // Nodes that are not pure keep their place: everything after a BindDim may mention its symbol.
        var lastBarrier = -1;
        var sinceBarrier = new List<int>();
        foreach (var node in graph.Nodes)
        {
            var u = unitOf[node];
            foreach (var input in node.Inputs.Concat(Graph.Captures(node)))
            {
                if (input.Producer is { } producer && unitOf.TryGetValue(producer, out var before))
                {
                    After(before, u);
                }
            }

            if (lastBarrier >= 0)
            {
                After(lastBarrier, u);
            }

            if (!node.Op.IsPure)
            {
                foreach (var before in sinceBarrier)
                {
                    After(before, u);
                }

                sinceBarrier.Clear();
                lastBarrier = u;
            }
            else
            {
                sinceBarrier.Add(u);
            }
        }

        foreach (var (u, copy) in units.SelectMany((unit, u) => (unit.Group?.Copies ?? []).Select(c => (u, c))))
        {
            foreach (var input in copy.Inputs)
            {
                if (input.Producer is { } producer && unitOf.TryGetValue(producer, out var before))
                {
                    After(before, u);
                }
            }
        }

        var ready = new PriorityQueue<int, int>();
        for (var u = 0; u < units.Count; u++)
        {
            if (waiting[u] == 0)
            {
                ready.Enqueue(u, units[u].Position);
            }
        }

        var sorted = new List<(int Position, Node? Node, FusionGroup? Group)>(units.Count);
        while (ready.TryDequeue(out var u, out _))
        {
            sorted.Add(units[u]);
            foreach (var follower in followers[u])
            {
                if (--waiting[follower] == 0)
                {
                    ready.Enqueue(follower, units[follower].Position);
                }
            }
        }

        if (sorted.Count != units.Count)
        {
            throw new InvalidOperationException("fusion made a cycle");
        }

        return sorted;
    }

    private static IEnumerable<Node> Members((int Position, Node? Node, FusionGroup? Group) unit) =>
        unit.Node is not null ? [unit.Node] : unit.Group!.Nodes;
}
