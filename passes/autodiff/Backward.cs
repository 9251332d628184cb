using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// Reverse-mode differentiation of one list of nodes: walks them from the last to the first and appends the operators of their gradients to the same graph.
/// Several uses of a value add up; what does not lie between the targets and the roots is never visited.
/// </summary>
internal sealed class Backward
{
    private readonly GraphBuilder _builder;
    private readonly Differentiation _shared;
    private readonly IReadOnlyList<Node> _nodes;
    private readonly HashSet<Value> _targets;
    private readonly Dictionary<Value, List<Value>> _contributions = [];
    private readonly Softmaxes _softmaxes;

    /// <summary>
    /// Prepares for nodes that stand in <paramref name="builder"/> already, in the form that <see cref="KeepTapes"/> gives them.
    /// <paramref name="targets"/> are the values whose gradients are wanted, <paramref name="roots"/> those whose gradients are contributed.
    /// </summary>
    public Backward(GraphBuilder builder, Differentiation shared, IReadOnlyList<Node> nodes, IEnumerable<Value> targets, IEnumerable<Value> roots)
    {
        _builder = builder;
        _shared = shared;
        _nodes = nodes;
        _targets = [.. targets];
        Activity = Activity.Of(nodes, _targets);
        _softmaxes = new Softmaxes(nodes, roots);
    }

    /// <summary>What depends on the targets.</summary>
    public Activity Activity { get; }

    /// <summary>Adds to the gradient of a value; nothing where no target is behind it.</summary>
    public void Contribute(Value value, Value gradient)
    {
        if (!Activity.Contains(value))
        {
            return;
        }

        if (!_contributions.TryGetValue(value, out var list))
        {
            _contributions[value] = list = [];
        }

        list.Add(gradient);
    }

    /// <summary>Appends the gradients of all that was contributed.</summary>
    public void Run()
    {
        for (var i = _nodes.Count - 1; i >= 0; i--)
        {
            if (_nodes[i].Outputs.Any(o => _contributions.ContainsKey(o) && !_targets.Contains(o)))
            {
                Visit(_nodes[i]);
            }
        }
    }

    /// <summary>The gradient of a target after <see cref="Run"/>; null where the roots do not depend on it.</summary>
    public Value? Gradient(Value value)
    {
        if (!_contributions.TryGetValue(value, out var list))
        {
            return null;
        }

        if (list.Count > 1)
        {
            var sum = list.Aggregate(new OpWriter(_builder, value.Producer?.Origins ?? []).Plus);
            list.Clear();
            list.Add(sum);
        }

        if (value.Name is { } name)
        {
            GraphBuilder.Name(list[0], $"gradient of {name}");
        }

        return list[0];
    }

    private void Visit(Node node)
    {
        var gradients = node.Outputs.Select(o => _targets.Contains(o) ? null : Gradient(o)).ToArray();
        var writer = new OpWriter(_builder, node.Origins);
        try
        {
            switch (node.Op)
            {
                case If branch:
                    BranchGradient.Append(this, writer, _shared, node, branch, gradients);
                    return;
                case Loop loop:
                    LoopGradient.Append(this, writer, _shared, node, loop, gradients);
                    return;
            }
        }
        catch (NoDerivativeException e)
        {
            _shared.Note(node, e.Message);
            foreach (var value in node.Inputs.Concat(Graph.Captures(node)).Where(Activity.Contains))
            {
                Contribute(value, writer.Zeros(value.Type));
            }

            return;
        }

        if (Softmaxes.TryDifferentiate(node, writer, gradients[0]!) is { } inner)
        {
            Contribute(inner.Value, inner.Gradient);
            return;
        }

        // The shift of a softmax changes nothing, so it counts as a constant.
        var wanted = node.Inputs.Select(value => Activity.Contains(value) && !_softmaxes.IsShift(node, value)).ToArray();
        var context = new DifferentiateContext(_builder, node, gradients, wanted);
        var given = context.Given;
        try
        {
            node.Op.Differentiate(context);
        }
        catch (NoDerivativeException e)
        {
            // Zeros go on, so that what lies behind is looked at too and named in the same error.
            _shared.Note(node, e.Message);
            given = [.. node.Inputs.Select((value, i) => wanted[i] ? writer.Zeros(value.Type) : null)];
        }

        for (var i = 0; i < given.Count; i++)
        {
            if (given[i] is { } gradient)
            {
                Check(writer, node, i, gradient);
                Contribute(node.Inputs[i], gradient);
            }
        }
    }

    private static void Check(OpWriter writer, Node node, int input, Value gradient)
    {
        var (found, expected) = (gradient.Type, node.Inputs[input].Type);
        if (found.Element != expected.Element || !writer.AreEqual(found.Shape, expected.Shape))
        {
            throw new InternalCompilerException(Differentiate.PassName, node, $"the gradient of input {input} is {found}, not {expected}");
        }
    }
}
