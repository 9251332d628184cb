using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Scheduling;

namespace Dlc.Passes.Fusion;

/// <summary>
/// In a training step, what the backward pass reads of the forward pass waits in memory. Where such a value is elementwise work on others that wait anyway,
/// it is computed again for its late readers, whose kernels take the work in: of a gated unit only the two products wait, of a normalisation only its input
/// and a number a row. Large values that are made of small ones alone never wait: each reader computes its own. Before the fusions, since it decides what they find.
/// </summary>
/// <remarks>The idea is that of fused recomputation (min-cut partitioning of training graphs in PyTorch's AOTAutograd); the greedy choice is ours.</remarks>
public sealed class RepeatCheapWork : Pass
{
    private const int MostNodes = 16;
    private const int Samples = 12;

    // Repeating is worth it if what waits in exchange is clearly less.
    private const double Gain = 0.75;

    // What is that much smaller than a value counts as nothing.
    private const double Small = 1.0 / 16;

    // What is that much smaller than the largest value, in sum over representative dims, is not looked at.
    private const double Tiny = 1.0 / 1024;

    public override string Name => "repeat-cheap-work";

    public override Graph Run(Graph graph, PassContext context)
    {
        // Without state there is no backward pass.
        if (graph.Updates.IsEmpty)
        {
            return graph;
        }

        var uses = new LateUses(graph);
        var repeated = Choose(graph, uses, out var ofLittle);
        return repeated.Count == 0 ? graph : Rewrite(graph, repeated, (value, reader) => ofLittle.Contains(value) ? reader
            : repeated.ContainsKey(value) && uses.IsLateUse(value, reader) ? reader.Op is IElementwise : null);
    }

    /// <summary>The values to compute again, each with the nodes that do so, in order.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="uses">Who is late.</param>
    /// <param name="ofLittle">Those among them that each reader computes for itself.</param>
    private static Dictionary<Value, List<Node>> Choose(Graph graph, LateUses uses, out HashSet<Value> ofLittle)
    {
        var dims = graph.Nodes.SelectMany(n => n.Outputs).Select(v => Bytes(graph, v)).ToHashSet();
        var sizes = new SizeOrder(graph.Facts, RepresentativeDims.For(dims, graph.Facts, Samples));
        var most = dims.Select(sizes.Sum).DefaultIfEmpty(0).Max();
        var until = new Dictionary<Value, int>();
        var positions = new Dictionary<Node, int>();
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            positions.Add(graph.Nodes[i], i);
            foreach (var value in graph.Nodes[i].Outputs.Where(v => uses.Users(v).Any(u => uses.IsLateUse(v, u))))
            {
                until[value] = uses.LastUse(value);
            }
        }

        var chosen = new Dictionary<Value, List<Node>>();
        ofLittle = [];
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];

            if (!IsCheap(node) || sizes.Sum(Bytes(graph, node.Output)) is var bytes && bytes < Tiny * most)
            {
                continue;
            }

            // What has late readers only need not be made early: fusion sees to that. A reader that broadcasts a value computes it more than once.
            var readers = uses.Users(node.Output);
            var isLate = until.TryGetValue(node.Output, out var end) && !uses.IsLate(node.Output);
            var isRepeatable = readers.Count > 1 && readers.All(r => r.Op is Reduce || FusionRules.IsElementwiseOf(r, node.Output.Type.Shape));
            if (!isLate && !isRepeatable)
            {
                continue;
            }

            end = Math.Max(end, uses.LastUse(node.Output));

            var (members, leaves, waiting) = (new HashSet<Node>(), new HashSet<Value>(), 0.0);
            var pending = new Stack<Node>([node]);
            while (members.Count <= MostNodes && pending.TryPop(out var member))
            {
                if (!members.Add(member))
                {
                    continue;
                }

                foreach (var input in member.Inputs.Distinct())
                {
                    if (input.Producer is not { } producer || !positions.ContainsKey(producer) || producer.Op is Constant
                        || (isLate && until.TryGetValue(input, out var there) && there + 1 >= end))
                    {
                        leaves.Add(input);
                    }
                    else if (sizes.Sum(Bytes(graph, input)) <= Small * bytes)
                    {
                        leaves.Add(input);
                        waiting += sizes.Sum(Bytes(graph, input));
                    }
                    else if (IsCheap(producer))
                    {
                        pending.Push(producer);
                    }
                    else if (leaves.Add(input))
                    {
                        waiting += sizes.Sum(Bytes(graph, input));
                    }
                }
            }

            var isOfLittle = isRepeatable && waiting <= Small * bytes && leaves.All(l => l.Producer is null || sizes.Sum(Bytes(graph, l)) <= Small * bytes);
            if (members.Count > MostNodes || (!isOfLittle && (!isLate || waiting > Gain * bytes)))
            {
                continue;
            }

            if (isOfLittle)
            {
                ofLittle.Add(node.Output);
            }

            chosen.Add(node.Output, [.. members.OrderBy(m => positions[m])]);
            foreach (var leaf in leaves.Where(l => l.Producer is not null))
            {
                until[leaf] = Math.Max(until.GetValueOrDefault(leaf), end);
            }
        }

        return chosen;
    }

    /// <summary>Gives readers work of their own.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="chosen">Values with the nodes that compute them.</param>
    /// <param name="share">Of a value and a reader: readers with the same answer share what is computed again; null for those that read the value itself.</param>
    private Graph Rewrite(Graph graph, Dictionary<Value, List<Node>> chosen, Func<Value, Node, object?> share)
    {
        var edit = new GraphEdit(graph, Name);
        var again = new Dictionary<(Value, object), Value>();

        Value Again(Value value, object reader)
        {
            if (again.TryGetValue((value, reader), out var known))
            {
                return known;
            }

            var made = new Dictionary<Value, Value>();
            foreach (var member in chosen[value])
            {
                made[member.Output] = edit.Add(member.Op, [.. member.Inputs.Select(Read)], member.Origins.AsSpan());
            }

            return again[(value, reader)] = made[value];

            Value Read(Value input) => made.TryGetValue(input, out var own) ? own : chosen.ContainsKey(input) ? Again(input, reader) : edit.Map(input);
        }

        foreach (var node in graph.Nodes)
        {
            // Epilogues and loops take the work in; a product needs it written, so they do not share it with one.
            if (node.Inputs.All(v => share(v, node) is null))
            {
                edit.Keep(node);
                continue;
            }

            var inputs = node.Inputs.Select(v => share(v, node) is { } reader ? Again(v, reader) : edit.Map(v)).ToArray();
            var copy = edit.AddNode(node.Op, inputs, edit.MapRegions(node).AsSpan(), node.Origins.AsSpan(), [.. node.Outputs.Select(o => o.Name)]);
            for (var i = 0; i < node.Outputs.Length; i++)
            {
                edit.Replace(node.Outputs[i], copy.Outputs[i]);
            }
        }

        return edit.Commit();
    }

    private static bool IsCheap(Node node) => node.Op is IElementwise && FusionRules.IsCheap(node) && node.Outputs.Length == 1;

    private static Dim Bytes(Graph graph, Value value) => value.Type.Shape.ElementCount(graph.Module.Dims) * value.Type.Element.Bytes();
}
