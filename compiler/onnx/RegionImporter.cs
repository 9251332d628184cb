using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>Imports subgraphs of control flow: into a region of their own, or in place where it is known that they run.</summary>
internal static class RegionImporter
{
    /// <summary>
    /// Imports a subgraph into a builder, with its inputs bound to values, and gives its outputs.
    /// </summary>
    /// <exception cref="PoisonedNodeException">An output depends on what is not supported, which is noted.</exception>
    public static OnnxValue[] Import(OnnxNode node, GraphProto graph, GraphBuilder builder, IReadOnlyList<OnnxValue> inputs)
    {
        if (graph.Input.Count != inputs.Count)
        {
            throw node.Error($"has a body of {graph.Input.Count} inputs, where {inputs.Count} are expected");
        }

        var scope = new ImportScope(builder, node.Scope.Frame, node.Scope);
        for (var i = 0; i < inputs.Count; i++)
        {
            if (graph.Input[i].Name.Length == 0 || scope.Defines(graph.Input[i].Name))
            {
                throw node.Error($"has a body with two inputs '{graph.Input[i].Name}', or one without a name");
            }

            scope.Set(graph.Input[i].Name, inputs[i]);
        }

        var importer = new GraphImporter(node.Session, scope);
        importer.DefineInitializers(graph);
        importer.ImportNodes(graph.Node, graph.Output.Select(o => o.Name));
        return [.. graph.Output.Select(o => scope.Find(o.Name) ?? throw new PoisonedNodeException())];
    }

    /// <summary>The value as a scalar: control flow also takes tensors of one element.</summary>
    public static Value ToScalar(OnnxNode node, GraphBuilder builder, Value value, ElementType element)
    {
        if (value.Type.Element != element)
        {
            throw node.Error($"expects a scalar of {element.ShortName()}, found {value.Type}", ErrorCodes.BadOperands);
        }

        return value.Type.Rank == 0 ? value : builder.Add(new Dlc.IR.Ops.Reshape([]), [value], [node.Origin]);
    }
}
