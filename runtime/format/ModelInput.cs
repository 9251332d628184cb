namespace Dlc.Runtime.Format;

/// <summary>A model input: its name and axes. Its element type and dim slots stand in the value table.</summary>
public sealed class ModelInput
{
    /// <summary>Exact ONNX name.</summary>
    public required string Name { get; init; }

    /// <summary>Value id; its storage is <see cref="StorageKind.Input"/> with this input's index.</summary>
    public required int Value { get; init; }

    /// <summary>One entry an axis; empty for a scalar.</summary>
    public required InputAxis[] Axes { get; init; }
}
