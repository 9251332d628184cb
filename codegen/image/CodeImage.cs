namespace Dlc.Codegen.Image;

/// <summary>
/// Position-independent machine code with no outside references: map <see cref="Bytes"/> at any page-aligned address and call.
/// Read-only data comes first, code from <see cref="CodeOffset"/> (a multiple of the page size) to the end, so that the two
/// may be protected apart; mapping all of it read + execute is enough.
/// </summary>
public sealed record CodeImage
{
    /// <summary>Page size that separates data and code.</summary>
    public const int PageBytes = 4096;

    /// <summary>The image.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>First byte of executable code.</summary>
    public required int CodeOffset { get; init; }

    /// <summary>Offset of the entry of each kernel, in the order in which kernels were given; equal kernels share one.</summary>
    public required IReadOnlyList<int> Entries { get; init; }

    /// <summary>Offset of every global symbol, for tests and profilers, in order of address.</summary>
    public required IReadOnlyList<(string Name, int Offset)> Symbols { get; init; }
}
