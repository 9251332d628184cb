namespace Dlc.Runtime;

/// <summary>Two items of which the second takes over the memory of the first, if all four sizes are equal and not 0.</summary>
/// <param name="From">Index of the item that ends.</param>
/// <param name="To">Index of the item that begins where the first ends.</param>
/// <param name="FromValue">Value that is read.</param>
/// <param name="ToValue">Value that is written.</param>
/// <param name="IsBranch">What a branch of an If leaves; the other branch may leave its own in the same memory.</param>
public readonly record struct ArenaPair(int From, int To, int FromValue, int ToValue, bool IsBranch);
