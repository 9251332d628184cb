using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// Orders the nodes so that the peak of live bytes is low at all dims. Where other orders win at some dims the main graph keeps them as
/// <see cref="Graph.AlternativeOrders"/>; a region runs in one order.
/// </summary>
public sealed class ScheduleNodes : Pass
{
    public override string Name => "schedule-nodes";

    /// <summary>An order is chosen for the graph as it is: the regions' own orders do not change what is live around them.</summary>
    public override bool HandlesRegions => true;

    public override Graph Run(Graph graph, PassContext context) => Order(graph, context, isMain: true);

    /// <summary>Recursion is as deep as regions nest, which the pass manager limits.</summary>
    private Graph Order(Graph graph, PassContext context, bool isMain)
    {
        var problem = new GraphProblem(graph, context.Machine);
        var schedule = Scheduler.Run(problem.Problem, graph.Facts);
        var isKept = schedule.Order.Select((step, i) => step == i).All(same => same);
        int[] first = isKept ? [.. Enumerable.Range(0, graph.Nodes.Length)] : problem.NodesOf(schedule.Order.AsSpan());
        var edit = new GraphEdit(graph, Name);
        foreach (var index in first)
        {
            var node = context.Current = graph.Nodes[index];
            if (node.Op is Fused)
            {
                edit.Keep(node);
            }
            else
            {
                edit.Keep(node, [.. edit.MapRegions(node).Select(region => Order(region, context, isMain: false))]);
            }
        }

        var result = edit.Commit();
        if (!isMain || schedule.Alternatives.IsEmpty)
        {
            return result;
        }

        var position = new int[first.Length];
        for (var i = 0; i < first.Length; i++)
        {
            position[first[i]] = i;
        }

        // What the first order moved behind a node that binds dims could mention those dims from now on: it may no longer be before it.
        var predecessors = NodeOrder.Predecessors(result);
        return result.WithAlternativeOrders([.. schedule.Alternatives
            .Select(order => problem.NodesOf(order.AsSpan()).Select(node => position[node]).ToImmutableArray())
            .Where(order => NodeOrder.FirstMisplaced(predecessors, order.AsSpan()) is null)]);
    }
}
