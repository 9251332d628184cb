using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Memory;

namespace Dlc.Passes.Rematerialization;

/// <summary>
/// Marks the values that may leave memory between two uses: <see cref="Evict"/> after the one, <see cref="Regenerate"/> before the other, with the
/// smallest subgraph that computes the value again from what is there anyway. Which of them leave is decided at run time. After scheduling: what
/// lies between two uses is a matter of the order.
/// </summary>
public sealed class MarkEvictions : Pass
{
    // Below this a value is not worth an entry in the plan.
    private const long SmallestBytes = 4096;

    public override string Name => "mark-evictions";

    /// <summary>Regions run as one step.</summary>
    public override bool HandlesRegions => true;

    public override Graph Run(Graph graph, PassContext context)
    {
        if (!context.MarksEvictions)
        {
            return graph;
        }

        var gaps = new IdleSpans(graph, new MemoryModel(graph, context.Machine));
        var evictions = new Dictionary<int, List<(Value Value, IdleSpan Span)>>();
        var returns = new Dictionary<int, List<(Value Value, IdleSpan Span)>>();
        foreach (var span in gaps.All.Where(s => graph.Facts.ProveLessOrEqual(s.Bytes, SmallestBytes) != Proof.True))
        {
            foreach (var value in span.Values)
            {
                Add(evictions, Math.Max(span.After, span.DefinedAt(value)), (value, span));
                Add(returns, span.Before, (value, span));
            }
        }

        if (evictions.Count == 0)
        {
            return graph;
        }

        var search = new RecomputationSearch(graph, gaps);
        var edit = new GraphEdit(graph, Name);
        var evicted = new Dictionary<(Value, IdleSpan), Value>();
        var placed = new int[graph.Nodes.Length];
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            var node = graph.Nodes[i];
            context.Current = node;
            foreach (var entry in returns.GetValueOrDefault(i, []))
            {
                var op = new Regenerate(entry.Span.Bytes, search.Count(entry.Span));
                edit.Replace(entry.Value, edit.Add(op, [evicted[entry]], entry.Value.Producer!.Origins.AsSpan()));
            }

            placed[i] = edit.Nodes.Count;
            edit.Keep(node);
            foreach (var entry in evictions.GetValueOrDefault(i, []))
            {
                evicted[entry] = edit.Add(new Evict(), [edit.Map(entry.Value)], entry.Value.Producer!.Origins.AsSpan());
            }
        }

        var marked = edit.Commit();
        return marked.WithAlternativeOrders([.. graph.AlternativeOrders.Select(order => WithMarks(marked, order.Select(i => placed[i])))]);
    }

    /// <summary>An order of the nodes with each mark where it is first needed: marks do nothing, and depend on no others than what they read.</summary>
    private static ImmutableArray<int> WithMarks(Graph marked, IEnumerable<int> order)
    {
        var position = new Dictionary<Node, int>();
        for (var i = 0; i < marked.Nodes.Length; i++)
        {
            position.Add(marked.Nodes[i], i);
        }

        var isPlaced = new bool[marked.Nodes.Length];
        var result = ImmutableArray.CreateBuilder<int>(marked.Nodes.Length);
        var chain = new Stack<int>();
        void Place(Node node)
        {
            foreach (var input in node.Inputs.Concat(Graph.Captures(node)))
            {
                for (var mark = input.Producer; mark is { Op: Evict or Regenerate } && !isPlaced[position[mark]]; mark = mark.Inputs[0].Producer)
                {
                    chain.Push(position[mark]);
                    isPlaced[position[mark]] = true;
                }

                while (chain.TryPop(out var next))
                {
                    result.Add(next);
                }
            }

            isPlaced[position[node]] = true;
            result.Add(position[node]);
        }

        foreach (var i in order)
        {
            Place(marked.Nodes[i]);
        }

        result.AddRange(Enumerable.Range(0, isPlaced.Length).Where(i => !isPlaced[i]));
        return result.ToImmutable();
    }

    private static void Add<T>(Dictionary<int, List<T>> lists, int key, T item)
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists.Add(key, list = []);
        }

        list.Add(item);
    }
}
