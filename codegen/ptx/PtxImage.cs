namespace Dlc.Codegen.Ptx;

/// <summary>
/// Compiled kernels of a GPU: PTX texts one after the other, each ended by a zero byte as the driver wants it, and for each kernel where its code is.
/// </summary>
public sealed class PtxImage
{
    /// <summary>UTF-8.</summary>
    public required ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>By kernel, in the order they were given.</summary>
    public required IReadOnlyList<PtxKernel> Kernels { get; init; }
}
