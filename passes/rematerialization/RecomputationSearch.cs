using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.Passes.Memory;

namespace Dlc.Passes.Rematerialization;

/// <summary>
/// Looks for the subgraph that computes a value again: its producer and, for each input that is not touched any more, that input's producer, and so
/// on, down to inputs, weights and values that are there anyway. Holding on to more would cost what the eviction saves.
/// </summary>
internal sealed class RecomputationSearch(Graph graph, IdleSpans spans)
{
    private const int LargestSubgraph = 64;

    /// <summary>Nodes of the subgraph; 0 where there is none of reasonable size.</summary>
    public long Count(IdleSpan span)
    {
        var model = spans.Model;
        var seen = new HashSet<Node>();
        var pending = new Stack<Value>([span.Root]);
        var count = 0;
        while (pending.TryPop(out var value))
        {
            if (value.Producer is not { } producer || !seen.Add(producer))
            {
                continue;
            }

            if (!IsRepeatable(producer) || seen.Count > LargestSubgraph)
            {
                return 0;
            }

            count += model.PlaceOf(value) == ValuePlace.View ? 0 : 1;
            foreach (var input in producer.Inputs)
            {
                var root = model.RootOf(input);
                if (model.PlaceOf(root) is ValuePlace.Given or ValuePlace.Constant)
                {
                    if (IsReplacedBefore(root, span.Before))
                    {
                        return 0;
                    }
                }
                else if (!spans.IsTouchedFrom(root, span.Before))
                {
                    pending.Push(root);
                }
            }
        }

        return count;
    }

    private static bool IsRepeatable(Node node) => node.Op.IsPure && (node.Regions.IsEmpty || node.Op is Fused);

    /// <summary>Whether state was overwritten by then.</summary>
    private bool IsReplacedBefore(Value input, int position) => graph.Updates.Any(u =>
        ReferenceEquals(graph.Inputs[u.Input], input) && graph.Outputs[u.Output].Producer is { } writer && spans.PositionOf(writer.Outputs[0]) < position);
}
