using System.Collections.Immutable;
using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.IR.Ops;
using Dlc.Passes.Memory;

namespace Dlc.Passes.Scheduling;

/// <summary>
/// The <see cref="SchedulingProblem"/> of a graph, as the <see cref="MemoryModel"/> sees it. Constants and views are no steps: they run right before
/// what first needs them.
/// </summary>
public sealed class GraphProblem
{
    private readonly Graph _graph;
    private readonly int[][] _predecessors;
    private readonly int[] _nodeOfStep;
    private readonly int[] _stepOfNode;

    /// <summary>Looks at a main graph or a region.</summary>
    /// <param name="graph">The graph, fused.</param>
    /// <param name="machine">The processor, for what operators need while they run.</param>
    public GraphProblem(Graph graph, MachineModel? machine)
    {
        _graph = graph;
        _predecessors = NodeOrder.Predecessors(graph);
        var model = new MemoryModel(graph, machine);
        _stepOfNode = new int[graph.Nodes.Length];
        var nodes = new List<int>();
        for (var i = 0; i < _stepOfNode.Length; i++)
        {
            _stepOfNode[i] = IsFree(graph.Nodes[i], model) ? -1 : nodes.Count;
            if (_stepOfNode[i] >= 0)
            {
                nodes.Add(i);
            }
        }

        _nodeOfStep = [.. nodes];
        Problem = Build(model);
    }

    /// <summary>Steps and buffers, in the order of the nodes.</summary>
    public SchedulingProblem Problem { get; }

    public int NodeOf(int step) => _nodeOfStep[step];

    /// <summary>Turns an order of steps into one of all nodes, by their index in the graph.</summary>
    public int[] NodesOf(ReadOnlySpan<int> steps)
    {
        var order = new List<int>(_graph.Nodes.Length);
        var isDone = new bool[_graph.Nodes.Length];
        foreach (var step in steps)
        {
            Place(_nodeOfStep[step]);
        }

        // Views that are outputs.
        for (var i = 0; i < isDone.Length; i++)
        {
            Place(i);
        }

        return [.. order];

        void Place(int node)
        {
            var pending = new Stack<int>([node]);
            while (pending.TryPeek(out var top))
            {
                var ready = pending.Count;
                foreach (var before in _predecessors[top])
                {
                    if (!isDone[before])
                    {
                        pending.Push(before);
                    }
                }

                if (pending.Count == ready)
                {
                    pending.Pop();
                    if (!isDone[top])
                    {
                        if (NodeOrder.BoundDims(_graph.Nodes[top]).Any())
                        {
                            PlaceFree(top);
                        }

                        isDone[top] = true;
                        order.Add(top);
                    }
                }
            }
        }

        // What stood before a node that binds dims goes on doing so where it costs nothing: behind it, no other order could have it before.
        void PlaceFree(int binder)
        {
            for (var i = 0; i < binder; i++)
            {
                if (!isDone[i] && _stepOfNode[i] < 0 && _predecessors[i].All(before => isDone[before]))
                {
                    isDone[i] = true;
                    order.Add(i);
                }
            }
        }
    }

    /// <summary>Whether a node does nothing when it runs.</summary>
    private static bool IsFree(Node node, MemoryModel model) =>
        node.Op is Constant || (node.Op is Reshape or Slice && model.PlaceOf(node.Output) == ValuePlace.View);

    private SchedulingProblem Build(MemoryModel model)
    {
        var number = new Dictionary<Value, int>();
        var roots = new List<Value>();
        var writers = new List<List<int>>();
        var readers = new List<List<int>>();
        var steps = new List<SchedulingStep>();
        for (var s = 0; s < _nodeOfStep.Length; s++)
        {
            var node = _graph.Nodes[_nodeOfStep[s]];
            foreach (var value in node.Inputs.Concat(Graph.Captures(node)))
            {
                if (BufferOf(value) is { } buffer)
                {
                    readers[buffer].Add(s);
                }
            }

            foreach (var value in node.Outputs)
            {
                if (BufferOf(value) is { } buffer)
                {
                    writers[buffer].Add(s);
                }
            }

            var transient = model.TransientBytes(node);
            steps.Add(new SchedulingStep([.. StepsBefore(_nodeOfStep[s])], InPlace(node), transient.Is(0) ? [] : [transient]));
        }

        var ends = _graph.Outputs.Select(BufferOf).OfType<int>().ToHashSet();
        var buffers = roots.Select((root, b) => new SchedulingBuffer(
            model.BytesOf(root), [.. writers[b].Distinct()], [.. readers[b].Distinct()], IsLiveOut: ends.Contains(b)));
        return new SchedulingProblem([.. steps], [.. buffers]);

        int? BufferOf(Value value)
        {
            var root = model.RootOf(value);
            if (!model.IsBuffer(root))
            {
                return null;
            }

            if (!number.TryGetValue(root, out var buffer))
            {
                number.Add(root, buffer = roots.Count);
                roots.Add(root);
                writers.Add([]);
                readers.Add([]);
            }

            return buffer;
        }

        ImmutableArray<BufferPair> InPlace(Node node)
        {
            var pairs = ImmutableArray.CreateBuilder<BufferPair>();
            foreach (var (input, output) in model.InPlace(node))
            {
                if (BufferOf(node.Outputs[output]) is { } o && BufferOf(node.Inputs[input]) is { } i && o != i)
                {
                    pairs.Add(new BufferPair(o, i));
                }
            }

            return pairs.ToImmutable();
        }
    }

    /// <summary>The steps that a node waits for, directly or by way of nodes that are no steps.</summary>
    private SortedSet<int> StepsBefore(int node)
    {
        var found = new SortedSet<int>();
        var seen = new HashSet<int>();
        var pending = new Stack<int>(_predecessors[node]);
        while (pending.TryPop(out var before))
        {
            if (!seen.Add(before))
            {
                continue;
            }

            if (_stepOfNode[before] >= 0)
            {
                found.Add(_stepOfNode[before]);
                continue;
            }

            foreach (var further in _predecessors[before])
            {
                pending.Push(further);
            }
        }

        return found;
    }
}
