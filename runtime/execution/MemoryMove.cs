namespace Dlc.Runtime.Execution;

/// <summary>Something that is to lie elsewhere.</summary>
/// <param name="From">Where it is.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Offset">Where in the arena it comes to lie; negative where it does not.</param>
internal readonly unsafe struct MemoryMove(byte* from, long bytes, long offset)
{
    public byte* From { get; } = from;

    public long Bytes { get; } = bytes;

    public long Offset { get; } = offset;
}
