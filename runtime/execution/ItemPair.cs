namespace Dlc.Runtime.Execution;

/// <summary>Two items of a bind point that may be one piece of memory.</summary>
/// <param name="From">Index of the item that ends.</param>
/// <param name="To">Index of the item that begins at the same place.</param>
/// <param name="FromValue">What is read: must have all bytes of the first item.</param>
/// <param name="ToValue">What is written: must have all bytes of the second item.</param>
/// <param name="IsBranch">It is what a branch of an If leaves: the other branch may leave its own in the same memory.</param>
internal readonly record struct ItemPair(int From, int To, int FromValue, int ToValue, bool IsBranch);
