using Dlc.Compiler.Onnx.Proto;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>Puts the nodes that an ONNX graph's outputs need into an order in which they can run.</summary>
internal static class NodeOrder
{
    /// <summary>
    /// The needed nodes, in the model's order where that is one. Throws on a name that is made twice or never, and on a cycle.
    /// </summary>
    public static List<NodeProto> Sort(IReadOnlyList<NodeProto> nodes, IReadOnlyCollection<string> outputs, ImportScope scope, FreeNames freeNames)
    {
        var producers = Producers(nodes, scope);
        var reads = new List<int>[nodes.Count];
        for (var i = 0; i < nodes.Count; i++)
        {
            reads[i] = [];
            foreach (var name in freeNames.Reads(nodes[i]))
            {
                if (producers.TryGetValue(name, out var producer))
                {
                    reads[i].Add(producer);
                }
                else if (!scope.Knows(name))
                {
                    throw new DlcException(ErrorCodes.BadModel,
                        $"{nodes[i].OpType} reads '{name}', which no node, input or initializer makes", $"node '{OnnxNode.OriginOf(nodes[i], scope.Frame)}'");
                }
            }
        }

        var needed = Needed(outputs, producers, reads, scope);
        var isOrdered = true;
        for (var i = 0; isOrdered && i < nodes.Count; i++)
        {
            isOrdered = !needed[i] || reads[i].TrueForAll(r => r < i);
        }

        return isOrdered ? [.. nodes.Where((_, i) => needed[i])] : Reorder(nodes, reads, needed, scope);
    }

    private static Dictionary<string, int> Producers(IReadOnlyList<NodeProto> nodes, ImportScope scope)
    {
        var producers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < nodes.Count; i++)
        {
            foreach (var name in nodes[i].Output)
            {
                if (name.Length > 0 && (scope.Defines(name) || !producers.TryAdd(name, i)))
                {
                    throw new DlcException(ErrorCodes.BadModel,
                        $"{nodes[i].OpType} makes '{name}', which exists already", $"node '{OnnxNode.OriginOf(nodes[i], scope.Frame)}'");
                }
            }
        }

        return producers;
    }

    private static bool[] Needed(IEnumerable<string> outputs, Dictionary<string, int> producers, List<int>[] reads, ImportScope scope)
    {
        var needed = new bool[reads.Length];
        var pending = new Stack<int>();
        foreach (var name in outputs)
        {
            if (producers.TryGetValue(name, out var producer))
            {
                Need(producer);
            }
            else if (!scope.Knows(name))
            {
                throw new DlcException(ErrorCodes.BadModel, $"no node makes the output '{name}'");
            }
        }

        while (pending.TryPop(out var node))
        {
            foreach (var read in reads[node])
            {
                Need(read);
            }
        }

        return needed;

        void Need(int node)
        {
            if (!needed[node])
            {
                needed[node] = true;
                pending.Push(node);
            }
        }
    }

    private static List<NodeProto> Reorder(IReadOnlyList<NodeProto> nodes, List<int>[] reads, bool[] needed, ImportScope scope)
    {
        var readers = new List<int>?[nodes.Count];
        var waiting = new int[nodes.Count];
        var ready = new PriorityQueue<int, int>();
        var count = 0;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (!needed[i])
            {
                continue;
            }

            count++;
            foreach (var read in reads[i].Distinct())
            {
                (readers[read] ??= []).Add(i);
                waiting[i]++;
            }

            if (waiting[i] == 0)
            {
                ready.Enqueue(i, i);
            }
        }

        var order = new List<NodeProto>(count);
        while (ready.TryDequeue(out var node, out _))
        {
            order.Add(nodes[node]);
            foreach (var reader in readers[node] ?? [])
            {
                if (--waiting[reader] == 0)
                {
                    ready.Enqueue(reader, reader);
                }
            }
        }

        if (order.Count < count)
        {
            var stuck = Enumerable.Range(0, nodes.Count).Where(i => needed[i] && waiting[i] > 0).Take(5)
                .Select(i => $"'{OnnxNode.OriginOf(nodes[i], scope.Frame)}'");
            throw new DlcException(ErrorCodes.BadModel, $"nodes read each other's results in a cycle, or what comes from one: {string.Join(", ", stuck)}");
        }

        return order;
    }
}
