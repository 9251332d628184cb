namespace Dlc.Runtime.Format;

/// <summary>A model output. An output that is an input, a constant or another output is given its own value and a <see cref="CopyStep"/>.</summary>
public sealed class ModelOutput
{
    /// <summary>Exact ONNX name.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Value id; its storage is <see cref="StorageKind.Output"/> with this output's index, or <see cref="StorageKind.Alias"/> of the input that it updates.
    /// </summary>
    public required int Value { get; init; }

    /// <summary>Each dim as the user reads it; one entry an axis.</summary>
    public required string[] DimTexts { get; init; }

    /// <summary>
    /// Index of the input that this output is the new content of, in the same memory; -1 for an output with memory of its own. Its value is then an alias
    /// of the input's, which may be written.
    /// </summary>
    public int UpdatesInput { get; init; } = -1;
}
