using Dlc.Compiler.Onnx.Proto;
using ModelBuilder;

namespace Dlc.Peers.Suite;

/// <summary>A model that tests and benchmarks run, and the sizes that they run it at.</summary>
public sealed class SuiteModel
{
    private readonly Func<string> _path;
    private readonly Func<string?> _missing;
    private readonly IReadOnlyDictionary<string, Fill> _fills;
    private IReadOnlyList<ValueInfoProto>? _inputs;

    internal SuiteModel(string name, Func<string> path, Func<string?> missing, IReadOnlyDictionary<string, Fill> fills, params IReadOnlyList<SuiteCase> cases)
    {
        Name = name;
        _path = path;
        _missing = missing;
        _fills = fills;
        Cases = cases;
    }

    /// <summary>A short name, such as <c>bert-base</c>.</summary>
    public string Name { get; }

    /// <summary>The model file; a built model is written when it is first asked for.</summary>
    public string Path => _path();

    /// <summary>Why the model is not there, or null.</summary>
    public string? Missing => _missing();

    /// <summary>The sizes to run at.</summary>
    public IReadOnlyList<SuiteCase> Cases { get; }

    /// <summary>Seeded inputs for a case, in the model's order.</summary>
    public IReadOnlyList<KeyValuePair<string, Value>> Inputs(SuiteCase @case, ulong seed = 7)
    {
        _inputs ??= ReadInputs();
        var random = new SeededRandom(seed);
        return
        [
            .. _inputs.Select(info =>
            {
                var dims = Dims(info, @case).ToArray();
                var fill = _fills.GetValueOrDefault(info.Name) ?? _fills[""];
                return KeyValuePair.Create(info.Name, (Value)new Value.Dense(fill(dims, @case.Sizes, random)));
            }),
        ];
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private List<ValueInfoProto> ReadInputs()
    {
        var graph = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Path)).Graph;
        var initialized = graph.Initializer.Select(i => i.Name).ToHashSet(StringComparer.Ordinal);
        return [.. graph.Input.Where(i => !initialized.Contains(i.Name))];
    }

    // A named dim may be a sum of names; a dim without a name is called after its input and axis.
    private static IEnumerable<long> Dims(ValueInfoProto info, SuiteCase @case) => info.Type.TensorType.Shape.Dim.Select((dim, axis) => dim.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue => dim.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam => dim.DimParam.Split('+', StringSplitOptions.TrimEntries).Sum(n => @case.Sizes[n]),
        _ => @case.Sizes[$"{info.Name}.{axis}"],
    });
}
