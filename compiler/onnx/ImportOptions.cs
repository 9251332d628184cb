namespace Dlc.Compiler.Onnx;

/// <summary>What the user says about a model that is imported.</summary>
public sealed record ImportOptions
{
    /// <summary>What is known of dims, by name (<c>--dim</c>); a nameless dim is called after its input and axis, as <c>x.0</c>.</summary>
    public IReadOnlyList<DimSpec> Dims { get; init; } = [];

    /// <summary>Folder of external data; by default the model file's own. Null with a model from memory: it may have none.</summary>
    public string? Folder { get; init; }

    /// <summary>Which initializers become inputs, to be trained; null for none.</summary>
    public ParameterSelection? Parameters { get; init; }

    /// <summary>Most ONNX nodes that a model may have once its functions are inlined; guards against functions that multiply.</summary>
    public int MaximumNodes { get; init; } = 1_000_000;
}
