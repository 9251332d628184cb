using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Simplify;

/// <summary>An <c>If</c> whose condition is a constant gives way to the branch that it takes, with what that branch relies on.</summary>
public sealed class DecideBranches : Pass
{
    public override string Name => "decide-branches";

    public override Graph Run(Graph graph, PassContext context)
    {
        if (!graph.Nodes.Any(n => n.Op is If))
        {
            return graph;
        }

        var edit = new GraphEdit(graph, Name);
        foreach (var node in graph.Nodes)
        {
            context.Current = node;
            if (node.Op is If && Match.ConstantOf(edit.Map(node.Inputs[0])) is { Count: 1 } condition)
            {
                Take(edit, node, edit.MapRegions(node)[condition.GetLong(0) != 0 ? 0 : 1]);
            }
            else
            {
                edit.Keep(node);
            }
        }

        return edit.Commit();
    }

    private static void Take(GraphEdit edit, Node node, Graph branch)
    {
        var facts = edit.Facts;
        if (!ReferenceEquals(branch.Facts, facts))
        {
            var guards = branch.Facts.OwnGuards;
            foreach (var fact in branch.Facts.All)
            {
                if (facts.Prove(fact.Left, fact.Relation, fact.Right) == Proof.Unknown && !guards.Any(g => Says(g, fact)))
                {
                    facts.Assume(fact.Left, fact.Relation, fact.Right, fact.Source);
                }
            }

            foreach (var guard in guards)
            {
                facts.Require(guard.Left, guard.Relation, guard.Right, guard.Reason);
            }
        }

        foreach (var inner in branch.Nodes)
        {
            edit.Keep(inner);
        }

        for (var i = 0; i < node.Outputs.Length; i++)
        {
            // A symbol that the node would have bound is what the branch gives it.
            var (old, taken) = (node.Outputs[i], edit.Map(branch.Outputs[i]));
            for (var axis = 0; axis < old.Type.Rank; axis++)
            {
                var (dim, known) = (old.Type.Shape[axis], taken.Type.Shape[axis]);
                if (!ReferenceEquals(dim, known))
                {
                    facts.Assume(dim, Relation.Equal, known, "the branch that is taken");
                }
            }

            edit.Replace(old, taken);
        }
    }

    private static bool Says(Guard guard, Fact fact) => ReferenceEquals(guard.Left, fact.Left) && guard.Relation == fact.Relation
        && ReferenceEquals(guard.Right, fact.Right);
}
