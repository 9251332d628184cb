using Dlc.Compiler.IO;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;

namespace Dlc.Compiler.Onnx;

/// <summary>The import of one model: what all its graphs and functions share.</summary>
internal sealed class ImportSession
{
    private const long OldestIR = 1;
    private const long NewestOpset = 28;

    private readonly ModelProto _model;
    private readonly ImportOptions _options;
    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly List<(string What, string Origin)> _unsupported = [];
    private readonly TensorReader _tensors;
    private readonly IReadOnlyDictionary<int, ReadOnlyMemory<byte>> _payloads;
    private int _nodeCount;

    /// <summary>An import; <paramref name="payloads"/> are data of the main graph's initializers that are not in the proto.</summary>
    public ImportSession(ModelProto model, string name, ImportOptions options, IReadOnlyDictionary<int, ReadOnlyMemory<byte>>? payloads = null)
    {
        _payloads = payloads ?? new Dictionary<int, ReadOnlyMemory<byte>>();
        _model = model;
        _options = options;
        _tensors = new TensorReader(options.Folder);
        Module = new Module(name);
        foreach (var function in model.Functions)
        {
            if (!_functions.TryAdd((ImportFrame.Domain(function.Domain), function.Name, function.Overload), function))
            {
                throw new DlcException(ErrorCodes.BadModel, $"the model defines its function '{function.Name}' twice");
            }
        }
    }

    public Module Module { get; }

    public FreeNames FreeNames { get; } = new();

    /// <summary>Dims of inputs that the model writes as 0: mostly not known, but 0 where nothing else makes sense.</summary>
    public HashSet<IR.Symbolic.Dim> WrittenAsZero { get; } = [];

    /// <summary>The initializers that became inputs.</summary>
    public List<ModelParameter> Parameters { get; } = [];

    public Symbolic.SymbolicTruths Truths { get; } = new();

    public Module Run()
    {
        if (_model.Graph is not { } graph || _model.IrVersion < OldestIR)
        {
            throw new DlcException(ErrorCodes.BadModel, "this is no ONNX model: it has no graph or no IR version");
        }

        var opsets = ImportFrame.ReadOpsets(_model.OpsetImport);
        if (_model.OpsetImport.Count == 0)
        {
            throw new DlcException(ErrorCodes.BadModel, "the model names no operator set");
        }

        if (opsets.GetValueOrDefault(string.Empty, 1) is var opset and (< 1 or > NewestOpset))
        {
            throw new DlcException(ErrorCodes.Unsupported, $"the model uses operator set {opset}; 1 to {NewestOpset} are supported");
        }

        var builder = new GraphBuilder(Module);
        var frame = new ImportFrame(opsets, new Dictionary<string, AttributeProto>(), string.Empty, []);
        var scope = new ImportScope(builder, frame, parent: null);
        var importer = new GraphImporter(this, scope);
        importer.DefineInitializers(graph, _payloads, _options.Parameters?.Of(graph));
        new InputImporter(this, scope, _options.Dims).Define(graph);
        importer.ImportNodes(graph.Node, graph.Output.Select(o => o.Name));
        ThrowIfUnsupported();
        var outputs = new Value[graph.Output.Count];
        for (var i = 0; i < outputs.Length; i++)
        {
            var output = scope.Find(graph.Output[i].Name)!;
            if (!output.IsTensor)
            {
                AddUnsupported("output that is a sequence or an optional", graph.Output[i].Name);
                ThrowIfUnsupported();
            }

            var value = output.Value;
            GraphBuilder.Name(value, graph.Output[i].Name);
            outputs[i] = value;
        }

        Module.OutputNames = [.. graph.Output.Select(o => o.Name)];
        Module.Main = builder.Build(outputs);
        return Module;
    }

    public FunctionProto? FindFunction(NodeProto node) =>
        _functions.Count == 0 ? null : _functions.GetValueOrDefault((ImportFrame.Domain(node.Domain), node.OpType, node.Overload));

    /// <summary>Notes what is not supported; all of it is reported at the end.</summary>
    public void AddUnsupported(string what, string origin) => _unsupported.Add((what, origin));

    /// <summary>How much was noted so far.</summary>
    public int UnsupportedCount => _unsupported.Count;

    /// <summary>Forgets what was noted while something was tried.</summary>
    public void ForgetUnsupported(int from) => _unsupported.RemoveRange(from, _unsupported.Count - from);

    /// <summary>Counts a node, so that functions which multiply end in an error.</summary>
    public void CountNode()
    {
        if (++_nodeCount > _options.MaximumNodes)
        {
            throw new DlcException(ErrorCodes.BadModel, $"the model has more than {_options.MaximumNodes} nodes once its functions are inlined");
        }
    }

    /// <summary>A tensor of numbers, inline or external. <paramref name="where"/> begins messages.</summary>
    public Tensor ReadTensor(TensorProto proto, string where, ReadOnlyMemory<byte>? payload = null) => _tensors.Read(proto, where, payload);

    private void ThrowIfUnsupported()
    {
        if (_unsupported.Count == 0)
        {
            return;
        }

        const int ShownNodes = 5;
        var lines = _unsupported.GroupBy(u => u.What, u => u.Origin, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g =>
        {
            var origins = g.Distinct(StringComparer.Ordinal).ToList();
            var more = origins.Count > ShownNodes ? $" and {origins.Count - ShownNodes} more" : string.Empty;
            return $"  {g.Key}: {string.Join(", ", origins.Take(ShownNodes).Select(o => $"'{o}'"))}{more}";
        }).ToList();
        throw new DlcException(ErrorCodes.Unsupported, $"the model needs what is not supported:\n{string.Join('\n', lines)}");
    }
}
