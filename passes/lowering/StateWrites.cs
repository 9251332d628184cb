using Dlc.IR;
using Dlc.IR.Kernels;
using Dlc.Passes.Memory;

namespace Dlc.Passes.Lowering;

/// <summary>
/// Finds the nodes that may write the next content of state right where the old one is: nobody reads the old content later, and the node itself reads an
/// element only to write it. The others write elsewhere, and a copy at the end moves it.
/// </summary>
internal static class StateWrites
{
    /// <summary>Binds outputs of the graph that can be written in place to the memory of the inputs that they update.</summary>
    public static void Bind(ProgramBuilder program, Graph graph)
    {
        if (graph.Updates.IsEmpty)
        {
            return;
        }

        var model = new MemoryModel(graph, program.Machine);
        var lastReader = new Dictionary<Value, int>();
        var position = new Dictionary<Node, int>();
        for (var i = 0; i < graph.Nodes.Length; i++)
        {
            position.Add(graph.Nodes[i], i);
            foreach (var value in graph.Nodes[i].Inputs.Concat(Graph.Captures(graph.Nodes[i])))
            {
                lastReader[model.RootOf(value)] = i;
            }
        }

        foreach (var output in graph.Outputs)
        {
            if (model.RootOf(output) is { Producer: null } given)
            {
                lastReader[given] = graph.Nodes.Length;
            }
        }

        foreach (var (output, input) in graph.Updates)
        {
            var (next, state) = (graph.Outputs[output], graph.Inputs[input]);
            if (next.Producer is { } writer && ReferenceEquals(model.RootOf(next), next) && graph.Outputs.Count(o => ReferenceEquals(model.RootOf(o), next)) == 1
                && lastReader.GetValueOrDefault(state, -1) <= position[writer] && CanWrite(writer, next, state, model))
            {
                program.Bind(next, program.NewAlias(next.Type, program[state], next.Name));
            }
        }
    }

    private static bool CanWrite(Node writer, Value next, Value state, MemoryModel model)
    {
        var reads = writer.Inputs.Concat(Graph.Captures(writer)).Any(v => ReferenceEquals(model.RootOf(v), state));
        return !reads
            ? writer.Regions.IsEmpty || writer.Op is IR.Ops.Fused
            : model.InPlace(writer).Any(p =>
                ReferenceEquals(writer.Outputs[p.Output], next) && ReferenceEquals(model.RootOf(writer.Inputs[p.Input]), state));
    }
}
