using Dlc.IR;

namespace Dlc.Passes.Fusion;

/// <summary>
/// An order in which the units of a graph (nodes, or groups of nodes that become one) can run, kept valid while units merge. A merge looks only at
/// the stretch between the two units, as in incremental topological sorting (Pearce and Kelly, 2006).
/// </summary>
internal sealed class UnitOrder
{
    /// <summary>Units further apart than this are not merged, so that a pass stays near-linear.</summary>
    private const int MaximumDistance = 1024;

    private readonly Dictionary<Node, int> _unitOf = [];
    private readonly List<List<Node>> _members = [];
    private readonly List<int> _placeOf = [];
    private readonly List<int> _unitAt = [];
    private readonly Dictionary<Node, Node> _barrierBefore = [];

    public UnitOrder(Graph graph)
    {
        Node? barrier = null;
        foreach (var node in graph.Nodes)
        {
            var unit = _members.Count;
            _unitOf.Add(node, unit);
            _members.Add([node]);
            _placeOf.Add(unit);
            _unitAt.Add(unit);

            if (barrier is not null)
            {
                _barrierBefore.Add(node, barrier);
            }

            if (NodeOrder.BoundDims(node).Any())
            {
                barrier = node;
            }
        }
    }

    /// <summary>The members of each unit, in the order in which the units can run.</summary>
    public IEnumerable<IReadOnlyList<Node>> Units => _unitAt.Where(u => u >= 0).Select(u => _members[u]);

    /// <summary>Merges the units of two nodes, unless one depends on the other by way of a third.</summary>
    public bool TryMerge(Node a, Node b)
    {
        var (early, late) = (_unitOf[a], _unitOf[b]);
        if (early == late)
        {
            return true;
        }

        if (_placeOf[early] > _placeOf[late])
        {
            (early, late) = (late, early);
        }

        if (_placeOf[late] - _placeOf[early] > MaximumDistance || Between(early, late) is not { } needed)
        {
            return false;
        }

        Reorder(early, late, needed);
        foreach (var node in _members[late])
        {
            _unitOf[node] = early;
        }

        _members[early].AddRange(_members[late]);
        _members[late].Clear();
        return true;
    }

    /// <summary>The units placed between the two that the late one needs; null when one of them needs the early one.</summary>
    private HashSet<int>? Between(int early, int late)
    {
        var needed = new HashSet<int>();
        var pending = new Stack<int>([late]);
        while (pending.TryPop(out var unit))
        {
            foreach (var before in Predecessors(unit))
            {
                if (before == early && unit != late)
                {
                    return null;
                }

                if (before != early && before != late && _placeOf[before] > _placeOf[early] && needed.Add(before))
                {
                    pending.Push(before);
                }
            }
        }

        return needed;
    }

    private IEnumerable<int> Predecessors(int unit)
    {
        foreach (var node in _members[unit])
        {
            foreach (var value in node.Inputs.Concat(Graph.Captures(node)))
            {
                if (value.Producer is { } producer && _unitOf.TryGetValue(producer, out var before) && before != unit)
                {
                    yield return before;
                }
            }

            if (_barrierBefore.TryGetValue(node, out var barrier))
            {
                yield return _unitOf[barrier];
            }
        }
    }

    /// <summary>Places what the late unit needs, then the merged one, then the rest of the stretch.</summary>
    private void Reorder(int early, int late, HashSet<int> needed)
    {
        var (first, last) = (_placeOf[early], _placeOf[late]);
        var stretch = _unitAt.GetRange(first, last - first + 1);
        var order = stretch.Where(needed.Contains).Append(early)
            .Concat(stretch.Where(u => u >= 0 && u != early && u != late && !needed.Contains(u))).ToList();
        for (var i = 0; i < stretch.Count; i++)
        {
            _unitAt[first + i] = i < order.Count ? order[i] : -1;
            if (i < order.Count)
            {
                _placeOf[order[i]] = first + i;
            }
        }
    }
}
