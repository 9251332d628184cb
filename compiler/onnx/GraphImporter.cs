using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using Dlc.IR.Symbolic;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;
using ElementType = Dlc.IR.ElementType;

namespace Dlc.Compiler.Onnx;

/// <summary>Imports the nodes of one ONNX graph, subgraph or function body into its scope.</summary>
internal sealed class GraphImporter(ImportSession session, ImportScope scope)
{
    private const int DeepestCalls = 64;

    /// <summary>
    /// Defines the graph's constants; <paramref name="payloads"/> are data that are not in the proto, by position. Those named in
    /// <paramref name="parameters"/> become inputs instead, and their data is not looked at: there need be none.
    /// </summary>
    public void DefineInitializers(
        GraphProto graph, IReadOnlyDictionary<int, ReadOnlyMemory<byte>>? payloads = null, IReadOnlySet<string>? parameters = null)
    {
        for (var i = 0; i < graph.Initializer.Count; i++)
        {
            var initializer = graph.Initializer[i];
            var name = initializer.Name;
            if (name.Length == 0 || scope.Defines(name))
            {
                throw new DlcException(ErrorCodes.BadModel, $"the model has two initializers '{name}', or one without a name");
            }

            try
            {
                var payload = payloads is not null && payloads.TryGetValue(i, out var data) ? data : (ReadOnlyMemory<byte>?)null;
                if (parameters?.Contains(name) == true)
                {
                    var dims = Shape.Of(scope.Builder.Dims, [.. initializer.Dims]);
                    var input = scope.Builder.Input(new TensorType(OnnxTypes.ToElement((DataType)initializer.DataType)!.Value, dims), name);
                    session.Parameters.Add(new ModelParameter(input, () => session.ReadTensor(initializer, $"initializer '{name}'", payload)));
                    scope.Set(name, new OnnxValue(scope.Builder, input));
                    continue;
                }

                scope.Set(name, new OnnxValue(scope.Builder, session.ReadTensor(initializer, $"initializer '{name}'", payload), name));
            }
            catch (UnsupportedModelException e)
            {
                session.AddUnsupported(e.What, name);
                scope.Set(name, null);
            }
        }

        foreach (var sparse in graph.SparseInitializer)
        {
            var name = sparse.Values?.Name ?? string.Empty;
            session.AddUnsupported("sparse initializer", name);
            scope.Set(name, null);
        }
    }

    /// <summary>
    /// Imports what the outputs need. Nodes that are not supported are noted and so is what depends on them; the outputs are then poisoned.
    /// </summary>
    public void ImportNodes(IReadOnlyList<NodeProto> nodes, IEnumerable<string> outputs)
    {
        string[] wanted = [.. outputs];
        ImportSorted(NodeOrder.Sort(nodes, wanted, scope, session.FreeNames), wanted);
    }

    /// <summary>Imports nodes in the order given, which is one in which they can run.</summary>
    public void ImportSorted(IReadOnlyList<NodeProto> nodes, IReadOnlyCollection<string> outputs)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            session.CountNode();
            try
            {
                ImportNode(nodes[i]);
            }
            catch (SplitNodeException split)
            {
                new BranchSplitter(session, scope, split).Run([.. nodes.Skip(i + 1)], outputs);
                return;
            }
        }
    }

    private void ImportNode(NodeProto proto)
    {
        var results = new OnnxValue?[proto.Output.Count];
        var origin = OnnxNode.OriginOf(proto, scope.Frame);
        try
        {
            if (Arguments(proto) is not { } inputs)
            {
                NoteUnknown(proto);
            }
            else if (session.FindFunction(proto) is { } function)
            {
                results = Inline(new OnnxNode(session, scope, proto, inputs), proto, function);
            }
            else
            {
                results = Import(new OnnxNode(session, scope, proto, inputs));
            }
        }
        catch (UnsupportedModelException e)
        {
            session.AddUnsupported(e.What, e.Where ?? origin);
        }
        catch (PoisonedNodeException)
        {
            // What it depends on is noted already.
        }
        catch (Exception e) when (e is OverflowException or DimTooLargeException or DimContradictionException or DivideByZeroException)
        {
            throw new DlcException(ErrorCodes.BadDim, $"{proto.OpType}: {(e is OverflowException ? InternalCompilerException.SizeOverflow : e.Message)}", $"node '{origin}'", e);
        }
        catch (Exception e) when (e is not (DlcException or SplitNodeException or OutOfMemoryException))
        {
            throw new InternalCompilerException("import", null, $"node '{origin}' ({proto.OpType}): {e.Message}", e);
        }

        for (var i = 0; i < results.Length; i++)
        {
            if (proto.Output[i].Length > 0)
            {
                scope.Set(proto.Output[i], results[i]);
            }
        }
    }

    /// <summary>The inputs by position, null for one that is left out; null altogether when one could not be imported.</summary>
    private OnnxValue?[]? Arguments(NodeProto proto)
    {
        var inputs = new OnnxValue?[proto.Input.Count];
        for (var i = 0; i < inputs.Length; i++)
        {
            if (proto.Input[i].Length == 0)
            {
                continue;
            }

            var value = scope.Find(proto.Input[i]);
            if (value is null)
            {
                return null;
            }

            inputs[i] = ReferenceEquals(value, OnnxValue.LeftOut) ? null : value;
        }

        return inputs;
    }

    private OnnxValue?[] Import(OnnxNode node)
    {
        var followed = node.Domain.Length == 0 ? OnnxCatalogue.Followed.GetValueOrDefault(node.Type) : null;
        if (followed is not null && TryFollow(followed, node))
        {
            return node.Outputs;
        }

        if (!OnnxCatalogue.Imported.TryGetValue((node.Domain, node.Type), out var imported))
        {
            throw followed is null
                ? new UnsupportedModelException(OperatorName(node.Domain, node.Type), node.Origin)
                : node.Unsupported("of data");
        }

        imported.Import(node);
        for (var i = 0; i < node.OutputCount; i++)
        {
            if (node.HasOutput(i) && node.Outputs[i] is null)
            {
                throw node.Unsupported($"output {i}");
            }
        }

        return node.Outputs;
    }

    /// <summary>Numbers too large for dims are no error here: the data path wraps as ONNX does.</summary>
    private static bool TryFollow(ISymbolicOperator followed, OnnxNode node)
    {
        try
        {
            return followed.TryFollow(node);
        }
        catch (Exception e) when (e is OverflowException or DimTooLargeException or DivideByZeroException)
        {
            Array.Clear(node.Outputs);
            return false;
        }
    }

    /// <summary>A node that cannot be imported for its inputs may be unknown itself; the report should name it too.</summary>
    private void NoteUnknown(NodeProto proto)
    {
        var domain = ImportFrame.Domain(proto.Domain);
        if (!OnnxCatalogue.Imported.ContainsKey((domain, proto.OpType)) && session.FindFunction(proto) is null
            && !(domain.Length == 0 && OnnxCatalogue.Followed.ContainsKey(proto.OpType)))
        {
            session.AddUnsupported(OperatorName(domain, proto.OpType), OnnxNode.OriginOf(proto, scope.Frame));
        }

        foreach (var node in FreeNames.Subgraphs(proto).SelectMany(g => g.Node))
        {
            NoteUnknown(node);
        }
    }

    private OnnxValue?[] Inline(OnnxNode call, NodeProto proto, FunctionProto function)
    {
        var frame = scope.Frame;
        var name = OperatorName(ImportFrame.Domain(function.Domain), function.Name);
        if (frame.Calls.Contains(name))
        {
            throw call.Error($"is a function that calls itself: {string.Join(" > ", frame.Calls.Append(name))}");
        }

        if (frame.Calls.Count >= DeepestCalls)
        {
            throw call.Error($"is called through more than {DeepestCalls} functions");
        }

        var attributes = new Dictionary<string, AttributeProto>(StringComparer.Ordinal);
        foreach (var attribute in function.Attribute.Concat(function.AttributeProto.Select(a => a.Name)))
        {
            var value = call.Attribute(attribute) ?? function.AttributeProto.FirstOrDefault(a => a.Name == attribute);
            if (value is not null)
            {
                attributes[attribute] = value;
            }
        }

        var opsets = new Dictionary<string, long>(frame.Opsets, StringComparer.Ordinal);
        foreach (var (domain, version) in ImportFrame.ReadOpsets(function.OpsetImport))
        {
            opsets[domain] = version;
        }

        var inner = new ImportScope(
            scope.Builder, new ImportFrame(opsets, attributes, $"{call.Origin}/", [.. frame.Calls, name]), parent: null);
        if (call.InputCount > function.Input.Count || call.OutputCount > function.Output.Count)
        {
            throw call.Error($"is a function of {function.Input.Count} inputs and {function.Output.Count} outputs, called with {call.InputCount} and {call.OutputCount}");
        }

        for (var i = 0; i < function.Input.Count; i++)
        {
            inner.Set(function.Input[i], call.HasInput(i) ? call.Argument(i) : OnnxValue.LeftOut);
        }

        var wanted = Enumerable.Range(0, proto.Output.Count).Where(call.HasOutput).Select(i => function.Output[i]);
        new GraphImporter(session, inner).ImportNodes(function.Node, wanted);
        for (var i = 0; i < proto.Output.Count; i++)
        {
            if (call.HasOutput(i) && inner.Find(function.Output[i]) is { } value)
            {
                call.Outputs[i] = ReferenceEquals(value, OnnxValue.LeftOut) ? throw call.Error($"gives back its input '{function.Output[i]}', which is left out") : value;
            }
        }

        return call.Outputs;
    }

    private static string OperatorName(string domain, string type) => domain.Length == 0 ? type : $"{domain}.{type}";
}
