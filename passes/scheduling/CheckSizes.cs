using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;

namespace Dlc.Passes.Scheduling;

/// <summary>Refuses tensors whose bytes do not fit 64 bits whatever the dims are, by the name of their node: everything after it adds up bytes.</summary>
public sealed class CheckSizes : Pass
{
    public override string Name => "check-sizes";

    public override Graph Run(Graph graph, PassContext context)
    {
        foreach (var input in graph.Inputs)
        {
            Check(input, graph, $"input '{input.Name}'");
        }

        foreach (var node in graph.Nodes)
        {
            foreach (var output in node.Outputs)
            {
                Check(output, graph, node.Origins is [var origin, ..] ? $"node '{origin}'" : node.ToString());
            }
        }

        return graph;
    }

    private void Check(Value value, Graph graph, string where)
    {
        try
        {
            _ = value.Type.Shape.ElementCount(graph.Module.Dims) * value.Type.Element.Bytes();
        }
        catch (Exception e) when (e is OverflowException or DimTooLargeException)
        {
            var why = e is OverflowException ? "its bytes do not fit 64 bits" : e.Message;
            throw new DlcException(ErrorCodes.BadDim, $"a tensor {value.Type} cannot be: {why} (found in '{Name}')", where, e);
        }
    }
}
