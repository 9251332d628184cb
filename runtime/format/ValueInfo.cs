namespace Dlc.Runtime.Format;

/// <summary>
/// A dense row-major tensor that steps mention by its index in <see cref="ExecutableModel.Values"/>. Its bytes are
/// <c>product(dims) * size of element</c>; a dim of 0 means no bytes.
/// </summary>
public sealed class ValueInfo
{
    /// <summary>The most axes that a value may have.</summary>
    public const int MaxRank = 64;

    /// <summary>Element type.</summary>
    public required ScalarType Type { get; init; }

    /// <summary>One slot an axis; empty for a scalar.</summary>
    public required int[] Dims { get; init; }

    /// <summary>Where it lives.</summary>
    public required StorageKind Storage { get; init; }

    /// <summary>Input, output or constant index, or the value id that an alias views; unused (0) for a temporary.</summary>
    public int Index { get; init; }

    /// <summary>Slot with the byte offset of an alias into its base; -1 for offset 0.</summary>
    public int ByteOffsetSlot { get; init; } = -1;

    /// <summary>ONNX name or a made-up one, for messages and traces.</summary>
    public string Name { get; init; } = "";
}
