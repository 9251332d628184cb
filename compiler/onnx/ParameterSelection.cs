using System.IO.Enumeration;
using Dlc.Compiler.Onnx.Proto;
using Dlc.IR;
using Dlc.IR.Diagnostics;
using DataType = Dlc.Compiler.Onnx.Proto.TensorProto.Types.DataType;

namespace Dlc.Compiler.Onnx;

/// <summary>
/// Says which initializers of a model are parameters: those of floats with an axis and more than one element that are read as weights. Not so the running
/// statistics of a batch normalisation, what operators take as settings (the scales of a Resize, the bounds of a Clip, the exponent of a Pow), and the
/// frequencies of rotary embeddings (<c>*inv_freq*</c>), which exporters write as initializers too.
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

    /// <summary>Patterns (<c>*</c> and <c>?</c>) of initializers that stay as they are. Each must match one.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Names that stay as they are, whether there is such an initializer or not.</summary>
    public IReadOnlyCollection<string> Except { get; init; } = [];

    /// <summary>The names of the parameters of a graph.</summary>
    /// <exception cref="DlcException">A pattern matches no initializer.</exception>
    public IReadOnlySet<string> Of(GraphProto graph)
    {
        var idle = Freeze.Where(p => !graph.Initializer.Any(i => FileSystemName.MatchesSimpleExpression(p, i.Name, ignoreCase: false))).ToList();
        if (idle.Count > 0)
        {
            throw new DlcException(ErrorCodes.BadOption, $"no initializer of the model matches {string.Join(", ", idle.Select(p => $"'{p}'"))}");
        }

        var settings = SettingsOf(graph);
        return graph.Initializer.Where(i => OnnxTypes.ToElement((DataType)i.DataType) is { } element && element.IsFloat()
                && i.Dims.Count > 0 && i.Dims.Aggregate(1L, (a, b) => a * b) > 1 && !settings.Contains(i.Name) && !Except.Contains(i.Name)
                && !Freeze.Append(Frequencies).Any(p => FileSystemName.MatchesSimpleExpression(p, i.Name, ignoreCase: false)))
            .Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
    }

    private static HashSet<string> SettingsOf(GraphProto main)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var pending = new Stack<GraphProto>([main]);
        while (pending.TryPop(out var graph))
        {
            foreach (var node in graph.Node)
            {
                foreach (var input in Settings.GetValueOrDefault(node.OpType) ?? [])
                {
                    if (input < node.Input.Count)
                    {
                        names.Add(node.Input[input]);
                    }
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
