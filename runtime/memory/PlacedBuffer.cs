namespace Dlc.Runtime.Memory;

/// <summary>A buffer with its place in the arena.</summary>
/// <param name="Start">First place of the order at which it is needed.</param>
/// <param name="End">The last one, inclusive.</param>
/// <param name="Offset">In bytes.</param>
/// <param name="Bytes">A multiple of <see cref="ArenaPlanner.Alignment"/>.</param>
internal readonly record struct PlacedBuffer(int Start, int End, long Offset, long Bytes);
