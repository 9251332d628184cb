using Dlc.IR;
using Dlc.IR.Ops;

namespace Dlc.Passes.Autodiff;

/// <summary>
/// Adds outputs to a graph: the gradients of one of its outputs, in the order of the parameters; zeros where the loss does not depend on one. Runs before all
/// other passes, so that they see the gradients as they see the rest.
/// </summary>
/// <param name="loss">The position of the loss among the outputs: a float tensor of one element.</param>
/// <param name="parameters">Inputs of the graph.</param>
public sealed class Differentiate(int loss, IReadOnlyList<Value> parameters) : Pass
{
    internal const string PassName = "differentiate";

    public override string Name => PassName;

    public override bool HandlesRegions => true;

    public override Graph Run(Graph graph, PassContext context)
    {
        var result = GradientGraph.Build(graph, loss, parameters);
        var writer = new OpWriter(result.Builder, []);
        var gradients = parameters.Select((p, i) => result.Gradients[i] ?? writer.Zeros(p.Type)).ToArray();
        return result.Builder.Build([.. result.Outputs, .. gradients]);
    }
}
