using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>
/// Stitches reductions along trailing axes with the elementwise work of the same rows: a softmax or a layer normalisation, with what comes
/// before and after it, becomes one kernel that reads each row once from memory.
/// </summary>
public sealed class FuseReductions : Pass
{
    public override string Name => "fuse-reductions";

    public override Graph Run(Graph graph, PassContext context)
    {
        var view = new FusionGraph(graph);
        foreach (var node in graph.Nodes)
        {
            if (!view.IsFree(node) || !FusionRules.IsRowReduction(node))
            {
                continue;
            }

            var axes = ((Reduce)node.Op).Axes;
            var full = node.Inputs[0].Type.Shape;
            var reduced = node.Output.Type.Shape;
            var group = new FusionGroup(FusionKind.Row);
            view.Start(group, node);
            bool OfRows(Node candidate) => FusionRules.IsElementwiseOf(candidate, full) || FusionRules.IsElementwiseOf(candidate, reduced);
            FusionRules.GrowForward(view, group, candidate => OfRows(candidate)
                || (candidate.Op is Reduce other && other.Axes == axes && candidate.Inputs[0].Type.Shape == full));
            FusionRules.GrowBackward(view, group, candidate => OfRows(candidate) || FusionRules.IsRepeatable(candidate),
                candidate => FusionRules.IsElementwiseOf(candidate, full));
        }

        return view.Materialize(Name);
    }
}
