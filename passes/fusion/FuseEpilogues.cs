using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>
/// Matrix products, convolutions and other ops that cost a loop per element take the elementwise work that follows them into their own
/// kernel, and matrix products read their operands through views. Runs before the other fusions: what a product can absorb costs nothing there.
/// </summary>
public sealed class FuseEpilogues : Pass
{
    public override string Name => "fuse-epilogues";

    public override Graph Run(Graph graph, PassContext context)
    {
        var view = new FusionGraph(graph);
        foreach (var node in graph.Nodes)
        {
            if (!view.IsFree(node) || Kind(node) is not { } kind)
            {
                continue;
            }

            var group = new FusionGroup(kind);
            view.Start(group, node);
            var shape = node.Output.Type.Shape;
            FusionRules.GrowForward(view, group, candidate => FusionRules.IsElementwiseOf(candidate, shape) && !IsBetterInReduction(view, group, candidate));
            if (!graph.Updates.IsEmpty)
            {
                // What was left for later, and what an update makes of a state alone.
                FusionRules.GrowBackward(view, group, candidate => FusionRules.IsElementwiseOf(candidate, shape) && !node.Inputs.Contains(candidate.Output),
                    _ => false);
            }

            if (node.Op is Reduce && context.Machine.Gpu is not null)
            {
                // What the threads of a block add up they can compute on the way.
                var full = node.Inputs[0].Type.Shape;
                FusionRules.GrowBackward(view, group, candidate => FusionRules.IsElementwiseOf(candidate, full) || candidate.Op is Broadcast, _ => false);
            }

            AddStoreView(view, group);
            if (node.Op is MatMul)
            {
                FusionRules.GrowBackward(view, group, candidate => candidate.Op is Transpose or Slice or Broadcast && FeedsOperand(view, node, candidate),
                    _ => false);
            }
        }

        return view.Materialize(Name);
    }

    /// <summary>
    /// Whether rows are reduced that are made of values which are written anyway: the reduction reads those, and one tensor less is written (the squares of a
    /// normalisation). Nor has the reduction to be computed from a by-product of the product, if it is done again to save memory.
    /// </summary>
    private static bool IsBetterInReduction(FusionGraph view, FusionGroup group, Node candidate)
    {
        var readers = view.Users(candidate.Output);
        bool IsReduction(Node node) => FusionRules.IsRowReduction(node) && view.IsFree(node);
        bool IsReduced(Node node) => IsReduction(node) || (view.Users(node.Outputs[0]) is { Count: > 0 } users && users.All(IsReduction));
        return readers.Exists(IsReduced) && readers.All(r => IsReduction(r) || FusionRules.IsElementwiseOf(r, candidate.Output.Type.Shape))
            && !view.Escapes(candidate.Output)
            && candidate.Inputs.All(v => v.Producer is not { } producer || !group.Contains(producer) || view.Escapes(v)
                || view.Users(v).Any(u => !ReferenceEquals(u, candidate) && !group.Contains(u)));
    }

    private static FusionKind? Kind(Node node) => node.Op switch
    {
        MatMul => FusionKind.MatMul,
        Conv => FusionKind.Conv,
        Reduce when !FusionRules.IsRowReduction(node) => FusionKind.Loop,
        IIndexFunction when node.Op.IsHeavy => FusionKind.Loop,
        _ => null,
    };

    /// <summary>The candidate is an operand of the product, directly or through views; not an operand of its epilogue.</summary>
    private static bool FeedsOperand(FusionGraph view, Node product, Node candidate)
    {
        var value = candidate.Output;
        while (!product.Inputs.Contains(value))
        {
            var next = view.Users(value).FirstOrDefault(u => u.Op is Transpose or Slice or Broadcast);
            if (next is null)
            {
                return false;
            }

            value = next.Output;
        }

        return true;
    }

    /// <summary>
    /// A transpose at the end that keeps the last axis is a matter of where rows are stored, unless a product could read it as a view.
    /// </summary>
    internal static void AddStoreView(FusionGraph view, FusionGroup group)
    {
        if (group.Kind is not (FusionKind.MatMul or FusionKind.Attention) || group.Exits(view) is not [var exit] || view.Escapes(exit)
            || view.Users(exit) is not [{ Op: Transpose transpose } node] || !view.IsFree(node)
            || transpose.Permutation[^1] != transpose.Permutation.Count - 1 || view.Users(node.Output).Any(u => u.Op is MatMul))
        {
            return;
        }

        view.TryAdd(group, node);
    }
}
