using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Patterns;

namespace Dlc.Passes.Fusion;

/// <summary>
/// Product, softmax, product become one kernel on a GPU, which goes over the keys once and never writes the scores (online softmax: Milakov and Gimelshein
/// 2018; in one kernel with both products: Dao et al. 2022). Only where nobody else reads the scores or the probabilities, and heads are short enough for a
/// block of threads to hold.
/// </summary>
public sealed class FuseAttention : Pass
{
    /// <summary>Elements of a head, for types of up to 2 bytes; wider ones fill registers and shared memory sooner.</summary>
    private const long LongestHead = 256, LongestWideHead = 128;

    /// <summary>Nodes between the two products, at most.</summary>
    private const int MaximumDistance = 256;

    public override string Name => "fuse-attention";

    public override Graph Run(Graph graph, PassContext context)
    {
        if (context.Machine.Gpu is null)
        {
            return graph;
        }

        var view = new FusionGraph(graph);
        foreach (var node in graph.Nodes)
        {
            if (node.Op is MatMul && view.IsFree(node) && Find(view, node) is { } members)
            {
                Form(view, members);
            }
        }

        return view.Materialize(Name);
    }

    /// <summary>From the product that makes the scores to the one that weighs values, in order; null where there is no such chain.</summary>
    private static List<Node>? Find(FusionGraph view, Node output)
    {
        var behind = new List<Node> { output };
        var weights = output.Inputs[0];
        while (weights.Producer is { Op: Cast or Reshape } same && KeepsRows(same))
        {
            behind.Add(same);
            weights = same.Inputs[0];
        }

        if (weights.Producer is not { } quotient || SoftmaxPattern.OverLastAxis(quotient) is not var (scores, _)
            || Between(view, scores, [.. behind, .. SoftmaxOf(quotient, scores)]) is not { } members
            || members[0] is not { Op: MatMul } product || !Fits(product, output, weights))
        {
            return null;
        }

        var all = members.ToHashSet();
        return view.Position(output) - view.Position(product) <= MaximumDistance && members.TrueForAll(view.IsFree)
            && members.SkipLast(1).All(m => !view.Escapes(m.Output) && view.Users(m.Output).TrueForAll(all.Contains)) ? members : null;
    }

    /// <summary>The nodes of a softmax, from the division back to the scores.</summary>
    private static HashSet<Node> SoftmaxOf(Node quotient, Value scores)
    {
        var found = new HashSet<Node> { quotient };
        var pending = new Stack<Node>([quotient]);
        while (pending.TryPop(out var node))
        {
            foreach (var producer in node.Inputs.Where(v => v != scores).Select(v => v.Producer).OfType<Node>())
            {
                if (producer.Op is not Constant && found.Add(producer))
                {
                    pending.Push(producer);
                }
            }
        }

        return found;
    }

    /// <summary>
    /// What stands between the one product that scores are made of and the scores, that product first, followed by <paramref name="rest"/>; null where there
    /// is more than elementwise work, or no product or several.
    /// </summary>
    private static List<Node>? Between(FusionGraph view, Value scores, HashSet<Node> rest)
    {
        var candidates = new List<Node>();
        var pending = new Stack<Value>([scores]);
        while (pending.TryPop(out var value) && candidates.Count < FusionRules.MaximumMembers)
        {
            if (value.Producer is not { } node || !view.Contains(node) || candidates.Contains(node) || !IsLike(value, scores))
            {
                continue;
            }

            if (node.Op is MatMul)
            {
                candidates.Add(node);
            }
            else if ((node.Op is IElementwise && !node.Op.IsHeavy) || node.Op is Reshape)
            {
                candidates.Add(node);
                foreach (var input in node.Inputs)
                {
                    pending.Push(input);
                }
            }
        }

        if (candidates.Count(n => n.Op is MatMul) != 1)
        {
            return null;
        }

        // What is not made of the product is an operand.
        var made = new List<Node>();
        foreach (var node in candidates.Concat(rest).OrderBy(view.Position))
        {
            if (node.Op is MatMul || rest.Contains(node) || node.Inputs.Any(v => made.Exists(m => m.Output == v)))
            {
                made.Add(node);
            }
        }

        return made.Exists(m => m.Output == scores) ? made : null;
    }

    /// <summary>Whether values hold the same rows, their leading axes split in another way at most.</summary>
    private static bool IsLike(Value a, Value b)
    {
        var (x, y) = (a.Type.Shape, b.Type.Shape);
        return x == y || (x.Rank >= 2 && y.Rank >= 2 && ReferenceEquals(x[^1], y[^1]) && ReferenceEquals(x[^2], y[^2])
            && ReferenceEquals(x.ElementCount(x[^1].Context), y.ElementCount(x[^1].Context)));
    }

    private static bool KeepsRows(Node node) => IsLike(node.Inputs[0], node.Output);

    private static bool Fits(Node product, Node output, Value weights)
    {
        var (q, v) = (product.Inputs[0].Type, output.Inputs[1].Type);
        var longest = q.Element is ElementType.Float32 ? LongestWideHead : LongestHead;
        bool IsShort(Dim dim) => dim.IsConstant && dim.Constant >= 1 && dim.Constant <= longest;
        return product.Inputs[1].Type.Element == q.Element && v.Element == q.Element
            && q.Element is ElementType.Float32 or ElementType.Float16 or ElementType.BFloat16
            && product.Op is MatMul { Accumulator: ElementType.Float32 } && output.Op is MatMul { Accumulator: ElementType.Float32 }
            && weights.Type.Element == ElementType.Float32 && IsShort(q.Shape[^1]) && IsShort(v.Shape[^1])
            && new Shape(output.Inputs[0].Type.Shape.Dims[..^2]) == new Shape(output.Output.Type.Shape.Dims[..^2]);
    }

    private static void Form(FusionGraph view, List<Node> members)
    {
        var group = new FusionGroup(FusionKind.Attention);
        view.Start(group, members[0]);
        foreach (var node in members.Skip(1))
        {
            if (!view.TryAdd(group, node))
            {
                throw new InvalidOperationException("nobody reads the scores, and yet the attention depends on itself");
            }
        }

        var (product, output) = (members[0], members[^1]);
        var shape = output.Output.Type.Shape;
        FusionRules.GrowForward(view, group, candidate => FusionRules.IsElementwiseOf(candidate, shape) && candidate.Inputs.Any(v => v.Producer is { } p && group.Contains(p)));
        FuseEpilogues.AddStoreView(view, group);

        // Masks and biases: what nobody else reads is made on the spot.
        var scored = members[1..^1].ToHashSet();
        var dims = view.Graph.Module.Dims;
        FusionRules.GrowBackward(view, group,
            candidate => view.Users(candidate.Output).Where(group.Contains).All(scored.Contains)
                && (candidate.Op is IElementwise or Transpose or Slice or Broadcast or Iota or DimTensor)
                && FuseLoops.IsWorthRepeating(candidate, product.Output.Type.Shape, dims) && scored.Add(candidate),
            _ => false);
        FusionRules.GrowBackward(view, group, candidate => IsOperandView(view, product, candidate) || IsOperandView(view, output, candidate), _ => false);
    }

    /// <summary>
    /// Views are read in place. A reshape is one where a broadcast stands before it, as heads that share their keys are written, or where it only adds or drops
    /// axes of 1 behind another view; else what it reshapes is in memory, where it costs nothing.
    /// </summary>
    private static bool IsOperandView(FusionGraph view, Node product, Node candidate) => Feeds(view, product, candidate)
        && (candidate.Op is Transpose or Slice or Broadcast
            || (candidate.Op is Reshape && candidate.Inputs[0].Producer is { } before
                && (before.Op is Broadcast || (before.Op is Transpose or Slice or Reshape && HasSameAxes(before.Output, candidate.Output)))));

    private static bool HasSameAxes(Value a, Value b) => a.Type.Shape.Dims.Where(d => !d.Is(1)).SequenceEqual(b.Type.Shape.Dims.Where(d => !d.Is(1)));

    private static bool Feeds(FusionGraph view, Node product, Node candidate)
    {
        var value = candidate.Output;
        while (!product.Inputs.Contains(value))
        {
            if (view.Users(value).Find(u => FusionRules.IsView(u)) is not { } next)
            {
                return false;
            }

            value = next.Output;
        }

        return true;
    }
}
