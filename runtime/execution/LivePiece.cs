namespace Dlc.Runtime.Execution;

/// <summary>Something in memory whose contents count.</summary>
/// <param name="item">Number among the items of all bind points, or -1.</param>
/// <param name="block">Number of a block of a loop, or -1.</param>
/// <param name="from">Where it is.</param>
/// <param name="bytes">Its size.</param>
internal readonly unsafe struct LivePiece(int item, int block, byte* from, long bytes)
{
    public int Item { get; } = item;

    public int Block { get; } = block;

    public byte* From { get; } = from;

    public long Bytes { get; } = bytes;
}
