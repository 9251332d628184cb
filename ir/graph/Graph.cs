using System.Collections.Immutable;
using Dlc.IR.Symbolic;

namespace Dlc.IR;

/// <summary>
/// Inputs, nodes in an order in which they can run, and outputs, in SSA form. Immutable: <see cref="GraphEdit"/> makes the next one.
/// </summary>
public sealed class Graph
{
    internal Graph(Module module, Facts facts, ImmutableArray<Value> inputs, ImmutableArray<Node> nodes, ImmutableArray<Value> outputs,
        ImmutableArray<StateUpdate> updates = default, ImmutableArray<ImmutableArray<int>> alternativeOrders = default)
    {
        Module = module;
        Facts = facts;
        Inputs = inputs;
        Nodes = nodes;
        Outputs = outputs;
        Updates = updates.IsDefault ? [] : updates;
        AlternativeOrders = alternativeOrders.IsDefault ? [] : alternativeOrders;
    }

    public Module Module { get; }

    /// <summary>
    /// What may be relied on inside. Mostly the module's facts; a region that may not run (a branch, a loop's body) has a clone with more, and the
    /// clone's <see cref="Facts.OwnGuards"/> are checked when the region runs.
    /// </summary>
    public Facts Facts { get; }

    public ImmutableArray<Value> Inputs { get; }

    public ImmutableArray<Node> Nodes { get; }

    public ImmutableArray<Value> Outputs { get; }

    /// <summary>Which outputs are written to the memory of which inputs. No input and no output appears twice. Edits keep them.</summary>
    public ImmutableArray<StateUpdate> Updates { get; }

    /// <summary>
    /// Other orders in which the nodes can run, each a permutation: the index in <see cref="Nodes"/> of what comes first, second, and so on. Which order
    /// needs the least memory may depend on the dims: the runtime takes the best once they are known. Every edit drops them.
    /// </summary>
    public ImmutableArray<ImmutableArray<int>> AlternativeOrders { get; }

    /// <summary>The same graph with other <see cref="Updates"/>.</summary>
    /// <exception cref="ArgumentException">One of them names no output, no input, or one that another names.</exception>
    public Graph WithUpdates(ImmutableArray<StateUpdate> updates)
    {
        if (updates.Any(u => (uint)u.Output >= (uint)Outputs.Length || (uint)u.Input >= (uint)Inputs.Length)
            || updates.DistinctBy(u => u.Output).Count() < updates.Length || updates.DistinctBy(u => u.Input).Count() < updates.Length)
        {
            throw new ArgumentException($"the updates {string.Join(", ", updates)} do not fit the graph", nameof(updates));
        }

        return new Graph(Module, Facts, Inputs, Nodes, Outputs, updates, AlternativeOrders);
    }

    /// <summary>Whether these are the numbers from 0 to <paramref name="count"/> - 1, each once.</summary>
    public static bool IsPermutation(ReadOnlySpan<int> order, int count)
    {
        if (order.Length != count)
        {
            return false;
        }

        var seen = new bool[count];
        foreach (var index in order)
        {
            if ((uint)index >= (uint)count || seen[index])
            {
                return false;
            }

            seen[index] = true;
        }

        return true;
    }

    /// <summary>The same graph with other <see cref="AlternativeOrders"/>.</summary>
    /// <exception cref="ArgumentException">One of them is no permutation of the nodes.</exception>
    public Graph WithAlternativeOrders(ImmutableArray<ImmutableArray<int>> orders)
    {
        if (!orders.All(order => IsPermutation(order.AsSpan(), Nodes.Length)))
        {
            throw new ArgumentException($"an order is no permutation of the {Nodes.Length} nodes", nameof(orders));
        }

        return new Graph(Module, Facts, Inputs, Nodes, Outputs, Updates, orders);
    }

    /// <summary>
    /// For each node, the outer values that its regions read, including those of nested regions: together with its inputs, all it depends on.
    /// </summary>
    public static IEnumerable<Value> Captures(Node node)
    {
        if (node.Regions.IsEmpty)
        {
            return [];
        }

        var inside = new HashSet<Value>();
        var captured = new List<Value>();
        var seen = new HashSet<Value>();
        var pending = new Stack<Graph>(node.Regions.Reverse());
        var order = new List<Graph>();
        while (pending.TryPop(out var region))
        {
            order.Add(region);
            inside.UnionWith(region.Inputs);
            foreach (var inner in region.Nodes)
            {
                inside.UnionWith(inner.Outputs);
                foreach (var nested in inner.Regions)
                {
                    pending.Push(nested);
                }
            }
        }

        foreach (var region in order)
        {
            foreach (var value in region.Nodes.SelectMany(n => n.Inputs).Concat(region.Outputs))
            {
                if (!inside.Contains(value) && seen.Add(value))
                {
                    captured.Add(value);
                }
            }
        }

        return captured;
    }

    /// <summary>How often each value is read by nodes (regions included) and graph outputs.</summary>
    public Dictionary<Value, int> CountUses()
    {
        var uses = new Dictionary<Value, int>();
        foreach (var value in Nodes.SelectMany(n => n.Inputs.Concat(Captures(n))).Concat(Outputs))
        {
            uses[value] = uses.GetValueOrDefault(value) + 1;
        }

        return uses;
    }
}
