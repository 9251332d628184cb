using Dlc.IR;

namespace Dlc.Passes.Training;

/// <summary>
/// Moves what an optimizer does for a parameter right behind the parameter's gradient, or behind the last reader of its old content. Where it stands decides
/// what it can be fused with, as fusion looks at neighbourhoods, and so whether gradients wait in memory until all of them are there.
/// </summary>
internal static class UpdatePlaces
{
    /// <summary>The graph in its new order.</summary>
    /// <param name="graph">A training step.</param>
    /// <param name="first">The first of the nodes to move: it and all after it.</param>
    public static Graph Run(Graph graph, int first)
    {
        var before = NodeOrder.Predecessors(graph);
        var count = before.Length;

        // Behind which node: as early as what it waits for lets it.
        var place = new int[count];
        for (var i = 0; i < count; i++)
        {
            place[i] = i < first ? i : before[i].Select(p => place[p]).DefaultIfEmpty(-1).Max();
        }

        // What waits for nothing (a share of the old state) goes to the first that needs it.
        var needed = new int[count];
        Array.Fill(needed, count);
        for (var i = count - 1; i >= first; i--)
        {
            place[i] = needed[i] == count ? place[i] : needed[i];
            foreach (var p in before[i])
            {
                needed[p] = Math.Min(needed[p], place[i]);
            }
        }

        var edit = new GraphEdit(graph, "place-updates");
        foreach (var i in Enumerable.Range(0, count).OrderBy(i => place[i]).ThenBy(i => i))
        {
            edit.Keep(graph.Nodes[i]);
        }

        return edit.Commit();
    }
}
