using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Fusion;

/// <summary>What may join what.</summary>
internal static class FusionRules
{
    /// <summary>Members of one kernel, so that inlining stays shallow and compile time bounded.</summary>
    public const int MaximumMembers = 64;

    /// <summary>Tensors that one kernel reads or writes.</summary>
    public const int MaximumBuffers = 32;

    /// <summary>An op that inlines at a constant cost per element.</summary>
    public static bool IsCheap(Node node) => node.Op is IIndexFunction && !node.Op.IsHeavy;

    /// <summary>An op that only moves or repeats elements by affine indices: free to compute again.</summary>
    public static bool IsView(Node node) => node.Op is Reshape or Transpose or Slice or Broadcast;

    /// <summary>
    /// Worth computing again in each reader: a view, or a scalar made of dims, which is a number that the host passes.
    /// </summary>
    public static bool IsRepeatable(Node node) => (IsView(node) && node.Op is not Reshape) || IsScalarOfDims(node)
        || (node.Op is Cast && node.Inputs[0].Producer is { } producer && IsScalarOfDims(producer));

    private static bool IsScalarOfDims(Node node) => node.Op is DimTensor && node.Output.Type.Shape.All(d => d.Is(1));

    /// <summary>An elementwise op whose output has exactly this shape.</summary>
    public static bool IsElementwiseOf(Node node, Shape shape) => node.Op is IElementwise && node.Output.Type.Shape == shape;

    /// <summary>A reduction over the trailing axes of its input, all of them after the first reduced one.</summary>
    public static bool IsRowReduction(Node node) => node.Op is Reduce reduce && !reduce.Axes.Items.IsEmpty
        && reduce.Axes.Min() == node.Inputs[0].Type.Rank - reduce.Axes.Count;

    /// <summary>
    /// Grows a group forward: elementwise readers of its values join when <paramref name="accepts"/> them and nothing they read depends
    /// on the group from outside, unless more bytes would wait, or nobody reads them for long.
    /// </summary>
    public static void GrowForward(FusionGraph graph, FusionGroup group, Func<Node, bool> accepts)
    {
        var candidates = new PriorityQueue<Node, int>();
        var seen = new HashSet<Node>();
        void Offer(Node member)
        {
            foreach (var user in member.Outputs.SelectMany(graph.Users))
            {
                if (graph.IsFree(user) && !group.Contains(user) && seen.Add(user))
                {
                    candidates.Enqueue(user, graph.Position(user));
                }
            }
        }

        foreach (var member in group.Nodes.ToList())
        {
            Offer(member);
        }

        while (group.Count < MaximumMembers && candidates.TryDequeue(out var node, out _))
        {
            var outside = node.Inputs.Where(v => v.Producer is null || !group.Contains(v.Producer)).ToList();
            if (accepts(node) && !graph.IsForLater(node) && group.ExternalInputs().Union(outside).Count() < MaximumBuffers
                && !graph.Waiting.IsMore([.. group.Nodes, .. group.Copies], group.Exits(graph), outside) && graph.TryAdd(group, node))
            {
                Offer(node);
            }
        }
    }

    /// <summary>
    /// Grows a group backward: a cheap producer joins when the group is its only reader; with <paramref name="isKept"/> a producer of the group's
    /// own shape joins although others read it too (it becomes one more output). Views are copied. None joins if more bytes would wait.
    /// </summary>
    public static void GrowBackward(FusionGraph graph, FusionGroup group, Func<Node, bool> accepts, Func<Node, bool> isKept)
    {
        var candidates = new PriorityQueue<Node, int>();
        var seen = new HashSet<Node>();
        void Offer(Node member)
        {
            foreach (var producer in member.Inputs.Select(v => v.Producer))
            {
                if (graph.Contains(producer) && !group.Contains(producer!) && seen.Add(producer!))
                {
                    candidates.Enqueue(producer!, -graph.Position(producer!));
                }
            }
        }

        foreach (var member in group.Nodes.Concat(group.Copies).ToList())
        {
            Offer(member);
        }

        while (group.Count < MaximumMembers && candidates.TryDequeue(out var node, out _))
        {
            if (!IsCheap(node) || !accepts(node) || node.Outputs.Length != 1
                || group.ExternalInputs().Union(node.Inputs).Count() >= MaximumBuffers)
            {
                continue;
            }

            var value = node.Output;
            if (graph.Waiting.IsMore([node], [value], [.. group.ExternalInputs().Where(v => !ReferenceEquals(v, value))]))
            {
                continue;
            }

            var isPrivate = !graph.Escapes(value) && graph.Users(value).All(group.Contains);
            if (graph.IsFree(node) && (isPrivate || isKept(node)) && graph.TryAdd(group, node))
            {
                Offer(node);
            }
            else if (IsRepeatable(node))
            {
                graph.Copy(group, node);
                Offer(node);
            }
        }
    }
}
