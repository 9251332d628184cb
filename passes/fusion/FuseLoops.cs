using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Fusion;

/// <summary>
/// What is left of elementwise operators, views and gathers becomes loop kernels: from each last one upward, producers that nobody else
/// reads are inlined, and producers of the same shape that others read too become further outputs.
/// </summary>
public sealed class FuseLoops : Pass
{
    public override string Name => "fuse-loops";

    public override Graph Run(Graph graph, PassContext context)
    {
        var view = new FusionGraph(graph);
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var root = graph.Nodes[i];
            if (!view.IsFree(root) || !FusionRules.IsCheap(root) || root.Op is Reshape)
            {
                continue;
            }

            var group = new FusionGroup(FusionKind.Loop);
            view.Start(group, root);
            var shape = root.Output.Type.Shape;
            FusionRules.GrowBackward(view, group, candidate => candidate.Op is not (Reshape or Concat) && IsWorthRepeating(candidate, shape, graph.Module.Dims)
                && !group.Nodes.Any(n => n.Op is Concat && n.Inputs.Contains(candidate.Output) && !FusionRules.IsView(candidate)),
                candidate => root.Op is IElementwise && FusionRules.IsElementwiseOf(candidate, shape));
        }

        return view.Materialize(Name);
    }

    /// <summary>A value of another shape may be computed several times, once for each element it is broadcast to: not if it is dear.</summary>
    internal static bool IsWorthRepeating(Node node, Shape shape, DimContext dims) => node.Op is not IElementwise
        || ReferenceEquals(node.Output.Type.Shape.ElementCount(dims), shape.ElementCount(dims))
        || node.Op is Add or Sub or Mul or Cast or Where or Equal or Less or LessOrEqual or Not or Neg or And or Or;
}
