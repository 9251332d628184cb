using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Scheduling;

namespace Dlc.Passes.Fusion;

/// <summary>
/// In a training step, what the backward pass reads of the forward pass waits in memory. Where such a value is elementwise work on others that wait anyway,
/// it is computed again for its late readers, whose kernels take the work in: of a gated unit only the two products wait, of a normalisation only its input
/// and a number a row. Before the fusions, since it decides what they find.
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

    // What is that much smaller than the largest value is not looked at.
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
        var repeated = Choose(graph, uses);
        return repeated.Count == 0 ? graph : Rewrite(graph, repeated, uses);
    }

    /// <summary>The values to compute again, each with the nodes that do so, in order.</summary>
    private static Dictionary<Value, List<Node>> Choose(Graph graph, LateUses uses)
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
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];

            // What has late readers only need not be made early: fusion sees to that.
            if (!IsCheap(node) || !until.TryGetValue(node.Output, out var end) || uses.IsLate(node.Output))
            {
                continue;
            }

            var bytes = sizes.Sum(Bytes(graph, node.Output));
            if (bytes < Tiny * most)
            {
                continue;
            }

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
                        || (until.TryGetValue(input, out var there) && there + 1 >= end))
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

            if (members.Count > MostNodes || waiting > Gain * bytes)
            {
                continue;
            }

            chosen.Add(node.Output, [.. members.OrderBy(m => positions[m])]);
            foreach (var leaf in leaves.Where(l => l.Producer is not null))
            {
                until[leaf] = Math.Max(until.GetValueOrDefault(leaf), end);
            }
        }

        return chosen;
    }

    private Graph Rewrite(Graph graph, Dictionary<Value, List<Node>> chosen, LateUses uses)
    {
        var edit = new GraphEdit(graph, Name);
        var again = new Dictionary<(Value, bool), Value>();

        // What a product reads has to be written; the epilogues and loops that read the same are better off with work of their own to take in.
        Value Again(Value value, bool isWritten)
        {
            if (again.TryGetValue((value, isWritten), out var known))
            {
                return known;
            }

            var made = new Dictionary<Value, Value>();
            foreach (var member in chosen[value])
            {
                made[member.Output] = edit.Add(member.Op, [.. member.Inputs.Select(Read)], member.Origins.AsSpan());
            }

            return again[(value, isWritten)] = made[value];

            Value Read(Value input) => made.TryGetValue(input, out var own) ? own : chosen.ContainsKey(input) ? Again(input, isWritten) : edit.Map(input);
        }

        foreach (var node in graph.Nodes)
        {
            if (!node.Inputs.Any(v => chosen.ContainsKey(v) && uses.IsLateUse(v, node)))
            {
                edit.Keep(node);
                continue;
            }

            var inputs = node.Inputs.Select(v => chosen.ContainsKey(v) && uses.IsLateUse(v, node) ? Again(v, node.Op is not IElementwise) : edit.Map(v)).ToArray();
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
