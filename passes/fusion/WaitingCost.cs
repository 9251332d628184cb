using Dlc.IR;
using Dlc.IR.Ops;
using Dlc.IR.Symbolic;
using Dlc.Passes.Memory;
using Dlc.Passes.Scheduling;

namespace Dlc.Passes.Fusion;

/// <summary>
/// Whether a merge makes more bytes wait. One kernel runs when the last of its inputs is there. Work that could run before that, and leave its result
/// to wait, then leaves its inputs to wait instead; where they are larger and nobody else needs them for so long, that raises the peak in every order.
/// Bytes are those of the <see cref="MemoryModel"/>, compared as the scheduler compares them.
/// </summary>
internal sealed class WaitingCost
{
    /// <summary>How far up inputs are followed that loops would compute again from theirs.</summary>
    private const int MaximumDepth = 8;

    private const int Samples = 12;

    private readonly FusionGraph _graph;
    private readonly MemoryModel _model;
    private readonly SizeOrder _sizes;

    /// <summary>For each node the last position of work that its results wait for, its own included if it is no mere loop over elements.</summary>
    private readonly int[] _work;

    /// <summary>For each value that has memory the positions of those that read it or views of it, ascending.</summary>
    private readonly Dictionary<Value, List<int>> _readers = [];

    public WaitingCost(FusionGraph graph)
    {
        _graph = graph;
        var nodes = graph.Graph.Nodes;
        _model = new MemoryModel(graph.Graph);
        _work = new int[nodes.Length];
        var sizes = new HashSet<Dim>();
        for (var i = 0; i < nodes.Length; i++)
        {
            _work[i] = IsLight(nodes[i]) ? nodes[i].Inputs.Select(WorkBefore).DefaultIfEmpty(-1).Max() : i;
            foreach (var value in nodes[i].Inputs.Concat(Graph.Captures(nodes[i])))
            {
                var root = _model.RootOf(value);
                if (!_readers.TryGetValue(root, out var readers))
                {
                    _readers.Add(root, readers = []);
                }

                readers.Add(i);
            }

            sizes.UnionWith(nodes[i].Outputs.Select(_model.BytesOf));
        }

        var facts = graph.Graph.Facts;
        _sizes = new SizeOrder(facts, RepresentativeDims.For(sizes, facts, Samples));
    }

    /// <summary>Whether more bytes wait for <paramref name="late"/>, in sum over representative dims, if work is done together with what reads it.</summary>
    /// <param name="early">The nodes whose work would wait.</param>
    /// <param name="results">What they make.</param>
    /// <param name="late">Everything that the kernel reads besides.</param>
    public bool IsMore(IReadOnlyCollection<Node> early, IEnumerable<Value> results, IReadOnlyCollection<Value> late)
    {
        // In the given order, the work could be done as soon as its inputs are there.
        var inputs = early.SelectMany(n => n.Inputs).Where(v => v.Producer is null || !early.Contains(v.Producer)).ToList();
        var until = late.Select(WorkBefore).DefaultIfEmpty(-1).Max();
        if (until < 0 || until <= inputs.Select(WorkBefore).DefaultIfEmpty(-1).Max())
        {
            return false;
        }

        var counted = late.Select(_model.RootOf).ToHashSet();
        var zero = _graph.Graph.Module.Dims.Zero;
        var kept = inputs.Aggregate(zero, (sum, value) => sum + Carry(value, early, until, counted, MaximumDepth));
        if (kept.Is(0))
        {
            return false;
        }

        var made = results.Select(_model.RootOf).Distinct().Where(_model.IsBuffer).Aggregate(zero, (sum, root) => sum + _model.BytesOf(root));
        return !_sizes.IsAtMost(kept, made) && _sizes.Sum(kept) > _sizes.Sum(made);
    }

    private static bool IsLight(Node node) => node.Op is Constant || FusionRules.IsCheap(node) || FusionRules.IsView(node);

    private int WorkBefore(Value value) => value.Producer is { } producer && _graph.Contains(producer) ? _work[_graph.Position(producer)] : -1;

    /// <summary>Bytes in the arena that wait so that a value is there; each root counts once, and not where somebody reads it that late anyway.</summary>
    private Dim Carry(Value value, IReadOnlyCollection<Node> early, int until, HashSet<Value> counted, int depth)
    {
        var zero = _graph.Graph.Module.Dims.Zero;
        var root = _model.RootOf(value);
        if (!_model.IsBuffer(root) || counted.Contains(root) || IsReadFrom(root, until, early))
        {
            return zero;
        }

        var own = _model.BytesOf(root);
        if (depth > 0 && value.Producer is { } producer && _graph.IsFree(producer) && FusionRules.IsCheap(producer) && _graph.Users(value).Count == 1)
        {
            // A loop reads what this is made of, if that is less.
            var further = zero;
            var seen = new HashSet<Value>(counted);
            foreach (var input in producer.Inputs)
            {
                further += Carry(input, early, until, seen, depth - 1);
            }

            if (_sizes.Sum(further) < _sizes.Sum(own))
            {
                counted.UnionWith(seen);
                return further;
            }
        }

        counted.Add(root);
        return own;
    }

    private bool IsReadFrom(Value root, int position, IReadOnlyCollection<Node> besides)
    {
        if (!_readers.TryGetValue(root, out var readers))
        {
            return false;
        }

        for (var i = readers.Count - 1; i >= 0 && readers[i] >= position; i--)
        {
            if (!besides.Contains(_graph.Graph.Nodes[readers[i]]))
            {
                return true;
            }
        }

        return false;
    }
}
