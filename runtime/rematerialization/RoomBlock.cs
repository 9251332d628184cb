namespace Dlc.Runtime.Rematerialization;

/// <summary>A block that a loop collects in, with the first and last place of the order at which its contents count.</summary>
internal readonly record struct RoomBlock(int Number, int Start, int End);
