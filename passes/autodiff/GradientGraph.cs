using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>A graph under construction that computes what another does and the gradients of one of its outputs; more can be appended.</summary>
public sealed class GradientGraph
{
    private GradientGraph(GraphBuilder builder, IReadOnlyList<Value> outputs, IReadOnlyList<Value?> gradients)
    {
        Builder = builder;
        Outputs = outputs;
        Gradients = gradients;
    }

    /// <summary>Holds the inputs and nodes; appends more.</summary>
    public GraphBuilder Builder { get; }

    /// <summary>The outputs of the source.</summary>
    public IReadOnlyList<Value> Outputs { get; }

    /// <summary>For each parameter the gradient of the loss, of the parameter's type; null where the loss does not depend on it.</summary>
    public IReadOnlyList<Value?> Gradients { get; }

    /// <summary>Of some parameters those that the loss depends on through float values, as far as can be told without differentiating.</summary>
    public static IReadOnlySet<Value> Reached(Graph graph, int loss, IReadOnlyList<Value> parameters)
    {
        var activity = Activity.Of(graph.Nodes, parameters);
        var live = new HashSet<Value> { graph.Outputs[loss] };
        for (var i = graph.Nodes.Length - 1; i >= 0; i--)
        {
            var node = graph.Nodes[i];
            if (node.Outputs.Any(o => live.Contains(o) && activity.Contains(o)))
            {
                live.UnionWith(node.Inputs);
                live.UnionWith(Graph.Captures(node));
            }
        }

        return parameters.Where(live.Contains).ToHashSet();
    }

    /// <summary>Differentiates a graph.</summary>
    /// <param name="graph">The source. Its inputs stay the same objects.</param>
    /// <param name="loss">The position of the loss among its outputs: a float tensor of one element.</param>
    /// <param name="parameters">Inputs of the source.</param>
    /// <exception cref="DlcException">The loss is no number, or operators between it and the parameters have no derivative
    /// (<see cref="ErrorCodes.NoDerivative"/>, which names all of them).</exception>
    public static GradientGraph Build(Graph graph, int loss, IReadOnlyList<Value> parameters)
    {
        var type = graph.Outputs[loss].Type;
        if (!type.Element.IsFloat() || !graph.Facts.Simplify(type.Shape.ElementCount(graph.Module.Dims)).Is(1))
        {
            throw new DlcException(ErrorCodes.BadOption, $"the loss should be one float, found {type}");
        }

        var shared = new Differentiation();
        var source = KeepTapes.Run(graph, parameters.ToList(), shared);
        var builder = new GraphBuilder(graph.Module, graph.Facts);
        foreach (var input in source.Inputs)
        {
            builder.AddInput(input);
        }

        foreach (var node in source.Nodes)
        {
            builder.Append(node);
        }

        var backward = new Backward(builder, shared, source.Nodes, parameters, [source.Outputs[loss]]);
        var root = source.Outputs[loss];
        backward.Contribute(root, new OpWriter(builder, root.Producer?.Origins ?? []).Filled(1, root.Type.Element, root.Type.Shape));
        backward.Run();
        shared.ThrowIfMissing();
        return new GradientGraph(builder, [.. source.Outputs], [.. parameters.Select(backward.Gradient)]);
    }
}
