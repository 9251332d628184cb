using System.IO.Enumeration;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Says which initializers of a model are parameters: those of floats with an axis that are read as weights. Not so the running statistics of a batch
/// normalisation, what operators take as settings (the scales of a Resize, the bounds of a Clip, the exponent of a Pow), the frequencies of rotary
/// embeddings (<c>*inv_freq*</c>), which exporters write as initializers too, and numbers (one element) that no operator takes as a weight or bias.
/// </summary>
public sealed record ParameterSelection
{
    private const string Frequencies = "*inv_freq*";

    /// <summary>Inputs of operators that hold settings or statistics.</summary>
    private static readonly Dictionary<string, int[]> Settings = new(StringComparer.Ordinal)
    {
        ["BatchNormalization"] = [3, 4], ["Resize"] = [1, 2], ["Upsample"] = [1], ["Clip"] = [1, 2], ["Pad"] = [2], ["Pow"] = [1],
        ["Dropout"] = [1, 2], ["QuantizeLinear"] = [1, 2], ["DequantizeLinear"] = [1, 2], ["OneHot"] = [2], ["Range"] = [0, 1, 2],
    };

    /// <summary>Inputs of operators that hold weights, even of one element: the bias of a layer with one output, the slope of a rectifier.</summary>
    private static readonly Dictionary<string, int[]> Weights = new(StringComparer.Ordinal)
    {
        ["Conv"] = [1, 2], ["ConvTranspose"] = [1, 2], ["Gemm"] = [1, 2], ["MatMul"] = [0, 1], ["PRelu"] = [1], ["BatchNormalization"] = [1, 2],
        ["InstanceNormalization"] = [1, 2], ["LayerNormalization"] = [1, 2], ["GroupNormalization"] = [1, 2], ["RMSNormalization"] = [1],
        ["LSTM"] = [1, 2, 3], ["GRU"] = [1, 2, 3], ["RNN"] = [1, 2, 3],
    };

    /// <summary>Operators whose result a number may be added to as their bias.</summary>
    private static readonly HashSet<string> Products = ["MatMul", "Gemm", "Conv", "ConvTranspose"];

    /// <summary>Operators whose first input is read in their result as it is.</summary>
    private static readonly HashSet<string> Views = ["Cast", "Expand", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"];

    /// <summary>Patterns (<c>*</c> and <c>?</c>) of initializers of floats that are parameters whatever they look like. Each must match one.</summary>
    public IReadOnlyList<string> Unfreeze { get; init; } = [];

    /// <summary>Patterns (<c>*</c> and <c>?</c>) of initializers that stay as they are. Each must match one.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Names that stay as they are, whether there is such an initializer or not.</summary>
    public IReadOnlyCollection<string> Except { get; init; } = [];

    /// <summary>The names of the parameters of a graph.</summary>
    /// <exception cref="DlcException">A pattern matches no initializer.</exception>
    public IReadOnlySet<string> Of(GraphProto graph)
    {
        var floats = graph.Initializer.Where(i => OnnxTypes.ToElement((DataType)i.DataType) is { } element && element.IsFloat()).ToList();
        Demand(Freeze, graph.Initializer, "no initializer of the model matches");
        Demand(Unfreeze, floats, "no initializer of floats in the model matches");
        var settings = Read(graph, (node, _) => Settings.GetValueOrDefault(node.OpType) ?? []);
        var weights = Read(graph, WeightsOf);
        bool LooksTrained(TensorProto i) => i.Dims.Count > 0 && !settings.Contains(i.Name) && !Matches([Frequencies], i)
            && (i.Dims.Any(d => d != 1) || weights.Contains(i.Name));
        return floats.Where(i => !i.Dims.Contains(0) && !Except.Contains(i.Name) && !Matches(Freeze, i) && (Matches(Unfreeze, i) || LooksTrained(i)))
            .Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
    }

    private static void Demand(IReadOnlyList<string> patterns, IReadOnlyCollection<TensorProto> initializers, string message)
    {
        var idle = patterns.Where(p => !initializers.Any(i => Matches([p], i))).ToList();
        if (idle.Count > 0)
        {
            throw new DlcException(ErrorCodes.BadOption, $"{message} {string.Join(", ", idle.Select(p => $"'{p}'"))}");
        }
    }

    private static bool Matches(IReadOnlyList<string> patterns, TensorProto initializer) =>
        patterns.Any(p => FileSystemName.MatchesSimpleExpression(p, initializer.Name, ignoreCase: false));

    private static IEnumerable<int> WeightsOf(NodeProto node, IReadOnlySet<string> products) => node.OpType == "Add"
        ? Enumerable.Range(0, node.Input.Count).Where(i => products.Contains(node.Input[^(i + 1)]))
        : Weights.GetValueOrDefault(node.OpType) ?? [];

    /// <summary>Names that nodes read at the positions that are asked for, through views too; the function gets the results of products.</summary>
    private static HashSet<string> Read(GraphProto main, Func<NodeProto, IReadOnlySet<string>, IEnumerable<int>> positions)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<GraphProto>([main]);
        while (pending.TryPop(out var graph))
        {
            var products = graph.Node.Where(n => Products.Contains(n.OpType)).SelectMany(n => n.Output).ToHashSet(StringComparer.Ordinal);
            foreach (var node in graph.Node.Reverse())
            {
                names.UnionWith(positions(node, products).Where(i => i < node.Input.Count).Select(i => node.Input[i]));
                if (Views.Contains(node.OpType) && node.Input.Count > 0 && node.Output.Any(names.Contains))
                {
                    names.Add(node.Input[0]);
                }

                foreach (var inner in FreeNames.Subgraphs(node))
                {
                    pending.Push(inner);
                }
            }
        }

        return names;
    }
}
