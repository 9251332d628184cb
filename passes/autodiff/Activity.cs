using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>Which float values depend on some others: those through which a gradient may flow back to them.</summary>
internal sealed class Activity
{
    private readonly HashSet<Value> _active;

    private Activity(IEnumerable<Value> targets) => _active = [.. targets];

    /// <summary>
    /// Looks through nodes in order. <paramref name="targets"/> are the values that gradients are wanted for; nodes that make one are not looked behind.
    /// </summary>
    public static Activity Of(IEnumerable<Node> nodes, IEnumerable<Value> targets)
    {
        var activity = new Activity(targets);
        foreach (var node in nodes)
        {
            activity.Visit(node);
        }

        return activity;
    }

    public bool Contains(Value value) => _active.Contains(value);

    /// <summary>Which carried tensors of a loop depend on the active values, in some iteration.</summary>
    public bool[] CarriedBy(Node node, Loop loop)
    {
        var body = node.Regions[0];
        var carried = Enumerable.Range(0, loop.Carried).Select(i => Contains(node.Inputs[i])).ToArray();
        while (true)
        {
            var inside = Inside(body, carried);
            var isStable = true;
            for (var i = 0; i < carried.Length; i++)
            {
                if (!carried[i] && inside.Contains(body.Outputs[i]))
                {
                    carried[i] = true;
                    isStable = false;
                }
            }

            if (isStable)
            {
                return carried;
            }
        }
    }

    private void Visit(Node node)
    {
        switch (node.Op)
        {
            case If:
                var branches = node.Regions.Select(r => Of(r.Nodes, _active)).ToArray();
                for (var i = 0; i < node.Outputs.Length; i++)
                {
                    Mark(node, i, branches.Zip(node.Regions).Any(b => b.First.Contains(b.Second.Outputs[i])));
                }

                break;
            case Loop loop:
                var carried = CarriedBy(node, loop);
                var inside = Inside(node.Regions[0], carried);
                for (var i = 0; i < node.Outputs.Length; i++)
                {
                    Mark(node, i, i < carried.Length ? carried[i] : inside.Contains(node.Regions[0].Outputs[i]));
                }

                break;
            default:
                if (node.Inputs.Any(Contains))
                {
                    for (var i = 0; i < node.Outputs.Length; i++)
                    {
                        Mark(node, i, true);
                    }
                }

                break;
        }
    }

    private Activity Inside(Graph body, bool[] carried) =>
        Of(body.Nodes, _active.Concat(Enumerable.Range(0, carried.Length).Where(i => carried[i]).Select(i => body.Inputs[1 + i])));

    private void Mark(Node node, int output, bool isActive)
    {
        if (isActive && node.Outputs[output].Type.Element.IsFloat())
        {
            _active.Add(node.Outputs[output]);
        }
    }
}
