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
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            var node = graph.Nodes[i];
            context.Current = node;
            foreach (var entry in returns.GetValueOrDefault(i, []))
            {
                var op = new Regenerate(entry.Span.Bytes, search.Count(entry.Span));
                edit.Replace(entry.Value, edit.Add(op, [evicted[entry]], entry.Value.Producer!.Origins.AsSpan()));
            }

            edit.Keep(node);
            foreach (var entry in evictions.GetValueOrDefault(i, []))
            {
                evicted[entry] = edit.Add(new Evict(), [edit.Map(entry.Value)], entry.Value.Producer!.Origins.AsSpan());
            }
        }

        return edit.Commit();
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
