namespace Dlc.Runtime.Format;

/// <summary>Copies all bytes of one value to another of the same size in bytes.</summary>
public sealed class CopyStep : Step
{
    public required int Source { get; init; }

    public required int Destination { get; init; }
}
